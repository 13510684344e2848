"""When one sound is heard."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import temporal
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import TIMED
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import in_sentence
from aig.prompts.metadata import one_line
from aig.prompts.seeded_random import pick, rng_for

__all__ = ["TEMPORAL_SINGLE"]


def _answers(facts: Facts) -> Iterator[Answer]:
    heard = temporal.by_label(facts.clip.events or ())
    label = pick(rng_for(facts.seed, facts.clip.audio_id, "temporal_single"), list(heard))
    yield Answer(temporal.stamps(one_line(label), heard[label]), {"label": in_sentence(label)})


TEMPORAL_SINGLE = Task(
    name="temporal_single",
    folder="closed",
    about="sound",
    asks="when the sound that is asked about is heard",
    needs=("events",),
    answers=_answers,
    pattern=TIMED,
    example="Snoring: [0.0s-1.3s, 3.2s-4.9s]",
    timed=True,
)
