"""Whether two sounds are heard at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import rng_for

__all__ = ["OVERLAP"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """Of two sounds that overlap by at least 0.2 s, or are at least 0.2 s apart."""
    heard = timing.by_label(facts.clip)
    if len(heard) < 2:
        return
    first, second = rng_for(facts.seed, facts.clip.audio_id, "overlap").sample(list(heard), 2)
    together = timing.overlap(heard[first], heard[second])
    if together is not None:
        slots = {"first": noun_phrase(first), "second": noun_phrase(second)}
        yield Answer("Yes." if together else "No.", slots, difficulty="intermediate")


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
