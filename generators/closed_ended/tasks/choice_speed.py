"""The level of the speed, among levels that lie apart."""

from __future__ import annotations

from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION
from aig.generators.closed_ended.facts import Answer, Facts, somebody_speaks
from aig.generators.closed_ended.level_choices import pose_levels
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.tasks.speed_cla import SPEED_CLA

__all__ = ["CHOICE_SPEED"]


def _level(item: Measured) -> str | None:
    """By recognised words: syllables are counted too few or too many in noise, reverberation or a narrow band."""
    by_words = item.features is not None and item.features.words_per_s is not None
    return item.features.speed_level if item.features and by_words and somebody_speaks(item) else None


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_levels(facts, "choice_speed", facts.words.get("speed", SPEED_CLA.words), _level)


CHOICE_SPEED = Task(
    name="choice_speed",
    folder="choice",
    about="voice",
    asks="how fast the speech is",
    needs=("speed_level", "words_per_s"),
    answers=_answers,
    pattern=OPTION,
    example="(B) slow",
    skill="paralinguistics",
)
