"""How noisy a recording of speech is, among levels that lie apart."""

from __future__ import annotations

from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION
from aig.generators.closed_ended.facts import Answer, Facts, somebody_speaks
from aig.generators.closed_ended.level_choices import pose_levels
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_NOISE"]

_WORDS = ("very noisy", "noisy", "medium", "clean", "very clean")


def _level(item: Measured) -> str | None:
    """Levels are 10 dB wide and the estimate is within 3 dB, so that one two levels away is wrong for certain."""
    return item.features.snr_level if item.features and somebody_speaks(item) else None


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_levels(facts, "choice_noise", facts.words.get("snr", _WORDS), _level)


CHOICE_NOISE = Task(
    name="choice_noise",
    folder="choice",
    about="sound",
    asks="how noisy the recording of the speech is",
    needs=("snr_level",),
    answers=_answers,
    pattern=OPTION,
    example="(B) very noisy",
    skill="quality",
)
