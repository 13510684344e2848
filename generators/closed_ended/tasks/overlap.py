"""Whether two sounds are heard at the same time."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["OVERLAP"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """Of two sounds that overlap by at least 0.2 s, or are at least 0.2 s apart."""
    heard, pairs = timing.named(facts.clip), timing.unrelated_pairs(facts.clip)
    if not pairs:
        return
    rng = rng_for(facts.seed, facts.clip.audio_id, "overlap")
    first, second = rng.sample(pick(rng, pairs), 2)
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
