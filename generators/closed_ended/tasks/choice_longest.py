"""Which sound of a clip is heard for the longest time."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.choices import OPTION, pose
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_LONGEST"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """All options are heard; one is heard for at least a fifth longer, and half a second, than the next."""
    lengths = sorted(
        ((timing.total(events), label) for label, events in timing.by_label(facts.clip).items()), reverse=True
    )
    if len(lengths) < 2 or lengths[0][0] < max(1.2 * lengths[1][0], lengths[1][0] + 5):
        return
    wrong = [label for _, label in lengths[1:]]
    yield from pose(facts, "choice_longest", lengths[0][1], wrong, difficulty="advanced")


CHOICE_LONGEST = Task(
    name="choice_longest",
    folder="choice",
    about="sound",
    asks="which of the clip's sounds is heard longest in all",
    needs=("events",),
    answers=_answers,
    pattern=OPTION,
    example="(A) Rain",
    skill="temporal events",
)
