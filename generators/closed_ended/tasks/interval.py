"""What is heard within an interval."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import LABELS
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line
from aig.prompts.seeded_random import rng_for

__all__ = ["INTERVAL"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """An interval whose ends are at least 0.2 s from where any sound begins or ends."""
    found = timing.interval(facts.clip, rng_for(facts.seed, facts.clip.audio_id, "interval"))
    if found:
        start, end, labels = found
        slots = {"start": f"{start / 10:.1f}", "end": f"{end / 10:.1f}"}
        yield Answer(f"Sounds: {'; '.join(map(one_line, labels))}.", slots, difficulty="advanced")


INTERVAL = Task(
    name="interval",
    folder="choice",
    about="sound",
    asks="the sounds that are heard between two times",
    needs=("events",),
    answers=_answers,
    pattern=rf"Sounds: {LABELS}\.",
    example="Sounds: Dog; Rain.",
    skill="temporal events",
)
