"""For how long a sound is heard in all."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["DURATION"]


_LEAST_S = 0.3
"""Shorter than that nobody tells tenths by ear."""


def _answers(facts: Facts) -> Iterator[Answer]:
    """Of a sound of which no other name may be another time: a dog is heard while it barks too."""
    rng = rng_for(facts.seed, facts.clip.audio_id, "duration")
    everything = timing.by_label(facts.clip)
    lengths = {label: timing.seconds(facts.clip, label) for label in timing.named(facts.clip)}
    certain = [label for label, length in lengths.items() if length >= _LEAST_S and timing.alone(label, everything)]
    if certain:
        label = pick(rng, certain)
        yield Answer(f"{lengths[label]:.1f} seconds.", {"label": noun_phrase(label)}, difficulty="advanced")


DURATION = Task(
    name="duration",
    folder="choice",
    about="sound",
    asks="for how many seconds the sound is heard",
    needs=("events",),
    answers=_answers,
    pattern=r"\d+\.\d seconds\.",
    example="4.2 seconds.",
    skill="temporal events",
)
