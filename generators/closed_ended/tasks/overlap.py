"""Whether two sounds are heard at the same time."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended import timing
from aig.generators.closed_ended.balance import asked_beside_others
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import pick

__all__ = ["OVERLAP"]


def _ask(item: Measured, rng: random.Random) -> Answer | None:
    """Of two sounds that overlap by at least 0.2 s, or are at least 0.2 s apart."""
    heard, pairs = timing.named(item.clip), timing.unrelated_pairs(item.clip)
    if not pairs:
        return None
    first, second = rng.sample(pick(rng, pairs), 2)
    together = timing.overlap(heard[first], heard[second])
    if together is None:
        return None
    slots = {"first": noun_phrase(first), "second": noun_phrase(second)}
    return Answer("Yes." if together else "No.", slots, difficulty="intermediate")


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from asked_beside_others(facts, "overlap", _ask)


OVERLAP = Task(
    name="overlap",
    folder="choice",
    about="sound",
    asks="whether two sounds are heard at the same time",
    needs=("events",),
    answers=_answers,
    pattern=r"(?:Yes|No)\.",
    example="Yes.",
    skill="temporal events",
)
