"""How two sounds lie in time."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import temporal
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import TIMED
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import in_sentence
from aig.prompts.metadata import one_line
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["TEMPORAL_ORDER"]


def _answers(facts: Facts) -> Iterator[Answer]:
    heard = temporal.by_label(facts.clip.events or ())
    if len(heard) < 2:
        return
    rng = rng_for(facts.seed, facts.clip.audio_id, "temporal_order")
    one = pick(rng, list(heard))
    other = pick(rng, [label for label in heard if label != one])
    first, second = (label for label in heard if label in (one, other))
    output = temporal.order(one_line(first), heard[first], one_line(second), heard[second])
    yield Answer(output, {"first": in_sentence(one), "second": in_sentence(other)})


TEMPORAL_ORDER = Task(
    name="temporal_order",
    folder="closed",
    about="sound",
    asks="when two sounds are heard, whether they overlap, which starts first and which ends last",
    needs=("events",),
    answers=_answers,
    pattern=rf"Timestamps: {TIMED}; {TIMED}\. (?:Sounds of|Both sounds|Sound of) .+\.",
    example="Timestamps: Wind: [0.0s-10.0s]; Chirp: [3.6s-3.9s]. Sounds of Wind and Chirp are overlapped at "
    "[3.6s-3.9s]. Sound of Wind starts first and ends last.",
    timed=True,
)
