"""Which sound of a clip begins first."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.choices import OPTION, pose_own_sounds
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_FIRST"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """All options are heard, so only their order tells; one begins clearly before the others."""
    if right := timing.first(facts.clip):
        yield from pose_own_sounds(facts, "choice_first", right, timing.onsets(facts.clip), difficulty="intermediate")


CHOICE_FIRST = Task(
    name="choice_first",
    folder="choice",
    about="sound",
    asks="which of the clip's sounds begins first",
    needs=("events",),
    answers=_answers,
    pattern=OPTION,
    example="(A) Dog",
    skill="temporal events",
)
