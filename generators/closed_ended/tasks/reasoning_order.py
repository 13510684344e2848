"""Which sound begins first, with the times that show it."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line

__all__ = ["REASONING_ORDER"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """Not where a noise, or whatever else is not asked about, begins before."""
    onsets = timing.onsets(facts.clip)
    everything = timing.by_label(facts.clip)
    if (right := timing.first(facts.clip)) and right == next(iter(everything)):
        seen = " ".join(f"{one_line(label)}: from {at / 10:.1f} s." for label, at in onsets.items())
        thought = f"{seen} {onsets[right] / 10:.1f} s is the earliest."
        yield Answer(f"<think>{thought}</think> {one_line(right)}.", difficulty="intermediate")


REASONING_ORDER = Task(
    name="reasoning_order",
    folder="reasoning",
    about="sound",
    asks="which sound begins first, after the timed evidence",
    needs=("events",),
    answers=_answers,
    pattern=r"<think>.+</think> \S.*\.",
    example="<think>Dog: from 0.4 s. Bell: from 2.0 s. 0.4 s is the earliest.</think> Dog.",
    skill="temporal events",
)
