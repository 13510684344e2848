"""Whether two sounds overlap, with the times that show it."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["REASONING_OVERLAP"]


def _answers(facts: Facts) -> Iterator[Answer]:
    heard, pairs = timing.named(facts.clip), timing.unrelated_pairs(facts.clip)
    if not pairs:
        return
    rng = rng_for(facts.seed, facts.clip.audio_id, "reasoning_overlap")
    first, second = rng.sample(pick(rng, pairs), 2)
    together = timing.overlap(heard[first], heard[second])
    if together is None:
        return
    shared = ", ".join(f"{start / 10:.1f}s-{end / 10:.1f}s" for start, end in together)
    seen = f"{timing.stamps(one_line(first), heard[first])}. {timing.stamps(one_line(second), heard[second])}."
    thought = f"{seen} Both are heard at [{shared}]." if together else f"{seen} No time is in both."
    slots = {"first": noun_phrase(first), "second": noun_phrase(second)}
    yield Answer(f"<think>{thought}</think> {'Yes' if together else 'No'}.", slots, difficulty="advanced")


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
