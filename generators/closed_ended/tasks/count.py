"""How often a sound is heard."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import rng_for

__all__ = ["COUNT"]


def _answers(facts: Facts) -> Iterator[Answer]:
    found = timing.countable(facts.clip, rng_for(facts.seed, facts.clip.audio_id, "count"))
    if found:
        label, number = found
        yield Answer(f"{number}.", {"label": noun_phrase(label)}, difficulty="basic" if number == 1 else "advanced")


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
