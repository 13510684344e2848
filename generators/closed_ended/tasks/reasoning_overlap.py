"""Whether two sounds overlap, with the times that show it."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended import timing
from aig.generators.closed_ended.balance import asked_beside_others
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import pick

__all__ = ["REASONING_OVERLAP"]


def _ask(item: Measured, rng: random.Random) -> Answer | None:
    heard, pairs = timing.named(item.clip), timing.unrelated_pairs(item.clip)
    if not pairs:
        return None
    first, second = rng.sample(pick(rng, pairs), 2)
    together = timing.overlap(heard[first], heard[second])
    if together is None:
        return None
    shared = ", ".join(f"{start / 10:.1f}s-{end / 10:.1f}s" for start, end in together)
    seen = f"{timing.stamps(one_line(first), heard[first])}. {timing.stamps(one_line(second), heard[second])}."
    thought = f"{seen} Both are heard at [{shared}]." if together else f"{seen} No time is in both."
    slots = {"first": noun_phrase(first), "second": noun_phrase(second)}
    return Answer(f"<think>{thought}</think> {'Yes' if together else 'No'}.", slots, difficulty="advanced")


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from asked_beside_others(facts, "reasoning_overlap", _ask)


REASONING_OVERLAP = Task(
    name="reasoning_overlap",
    folder="reasoning",
    about="sound",
    asks="whether two sounds overlap, after the timed evidence",
    needs=("events",),
    answers=_answers,
    pattern=r"<think>.+</think> (?:Yes|No)\.",
    example="<think>Dog: [0.4s-1.0s]. Bell: [2.0s-3.0s]. No time is in both.</think> No.",
    skill="temporal events",
    timed=True,
)
