"""The level of the pitch, among levels that lie apart."""

from __future__ import annotations

from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION
from aig.generators.closed_ended.facts import Answer, Facts, somebody_speaks
from aig.generators.closed_ended.level_choices import pose_levels
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.tasks.pitch_cla import PITCH_CLA

__all__ = ["CHOICE_PITCH"]


def _level(item: Measured) -> str | None:
    return item.features.pitch_level if item.features and somebody_speaks(item) else None


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_levels(facts, "choice_pitch", facts.words.get("pitch", PITCH_CLA.words), _level)


CHOICE_PITCH = Task(
    name="choice_pitch",
    folder="choice",
    about="voice",
    asks="the level of the voice's pitch",
    needs=("pitch_level",),
    answers=_answers,
    pattern=OPTION,
    example="(B) medium",
    skill="paralinguistics",
)
