"""For how long a sound is heard in all."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["DURATION"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """Of a sound of which no other name may be another time: a dog is heard while it barks too."""
    rng = rng_for(facts.seed, facts.clip.audio_id, "duration")
    heard = timing.named(facts.clip)
    everything = timing.by_label(facts.clip)
    certain = [label for label in heard if timing.alone(label, everything) and timing.total(heard[label])]
    if certain:
        label = pick(rng, certain)
        total = timing.total(heard[label])
        yield Answer(f"{total / 10:.1f} seconds.", {"label": noun_phrase(label)}, difficulty="advanced")


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
