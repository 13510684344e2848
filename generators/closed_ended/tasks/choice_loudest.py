"""Which sound of a clip is the loudest."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.choices import OPTION
from aig.generators.closed_ended.event_levels import which_by_level
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_LOUDEST"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """All options are heard, each by itself for 0.3 s or more, and one is at least 6 dB from the next."""
    yield from which_by_level(facts, "choice_loudest", loudest=True)


CHOICE_LOUDEST = Task(
    name="choice_loudest",
    folder="choice",
    about="sound",
    asks="which of the clip's sounds is the loudest",
    needs=("events", "level_curve"),
    answers=_answers,
    pattern=OPTION,
    example="(A) Dog",
    skill="sound character",
)
