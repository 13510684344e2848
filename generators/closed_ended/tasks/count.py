"""How often a sound is heard."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended import timing
from aig.generators.closed_ended.balance import asked_beside_others
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase

__all__ = ["COUNT"]


def _ask(item: Measured, rng: random.Random) -> Answer | None:
    found = timing.countable(item.clip, rng)
    if not found:
        return None
    label, number = found
    return Answer(f"{number}.", {"label": noun_phrase(label)}, difficulty="basic" if number == 1 else "advanced")


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from asked_beside_others(facts, "count", _ask)


COUNT = Task(
    name="count",
    folder="choice",
    about="sound",
    asks="how often the sound is heard",
    needs=("events",),
    answers=_answers,
    pattern=r"\d+\.",
    example="3.",
    skill="counting",
)
