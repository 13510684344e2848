"""How often a sound is heard, with each time that it is."""

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

__all__ = ["REASONING_COUNT"]


def _ask(item: Measured, rng: random.Random) -> Answer | None:
    found = timing.countable(item.clip, rng)
    if not found:
        return None
    label, number = found
    starts = ", ".join(f"{onset / 10:.1f} s" for onset, _ in timing.by_label(item.clip)[label])
    thought = f"{one_line(label)}: at {starts}; {'once' if number == 1 else f'{number} times'}."
    return Answer(f"<think>{thought}</think> {number}.", {"label": noun_phrase(label)}, difficulty="advanced")


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from asked_beside_others(facts, "reasoning_count", _ask)


REASONING_COUNT = Task(
    name="reasoning_count",
    folder="reasoning",
    about="sound",
    asks="how often the sound is heard, after the timed evidence",
    needs=("events",),
    answers=_answers,
    pattern=r"<think>.+</think> \d+\.",
    example="<think>Dog: at 0.4 s, 1.2 s; 2 times.</think> 2.",
    skill="counting",
)
