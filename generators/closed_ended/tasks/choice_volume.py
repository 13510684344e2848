"""The level of the volume, among levels that lie apart."""

from __future__ import annotations

from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION
from aig.generators.closed_ended.facts import Answer, Facts, somebody_speaks
from aig.generators.closed_ended.level_choices import pose_levels
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.tasks.energy_cla import ENERGY_CLA

__all__ = ["CHOICE_VOLUME"]


def _level(item: Measured) -> str | None:
    return item.features.volume_level if item.features and somebody_speaks(item) else None


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_levels(facts, "choice_volume", facts.words.get("volume", ENERGY_CLA.words), _level)


CHOICE_VOLUME = Task(
    name="choice_volume",
    folder="choice",
    about="voice",
    asks="how loud the voice is",
    needs=("volume_level",),
    answers=_answers,
    pattern=OPTION,
    example="(A) very high",
    skill="paralinguistics",
)
