"""How reverberant a recording of speech is, among levels that lie apart."""

from __future__ import annotations

from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION
from aig.generators.closed_ended.facts import Answer, Facts, somebody_speaks
from aig.generators.closed_ended.level_choices import pose_levels
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_REVERBERATION"]

_WORDS = ("very dry", "dry", "medium", "reverberant", "very reverberant")

_LEAST_S = 8.0
"""From here on the estimate is within a quarter, and levels that lie apart differ by half or more."""


def _level(item: Measured) -> str | None:
    long_enough = item.features is not None and item.features.duration_s >= _LEAST_S
    return item.features.reverberation_level if item.features and long_enough and somebody_speaks(item) else None


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_levels(facts, "choice_reverberation", facts.words.get("reverberation", _WORDS), _level)


CHOICE_REVERBERATION = Task(
    name="choice_reverberation",
    folder="choice",
    about="sound",
    asks="how reverberant the speech sounds",
    needs=("reverberation_level",),
    answers=_answers,
    pattern=OPTION,
    example="(A) very dry",
    skill="quality",
)
