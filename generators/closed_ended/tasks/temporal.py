"""When each sound is heard."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended import temporal
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import TIMED
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line

__all__ = ["TEMPORAL"]


def _answers(facts: Facts) -> Iterator[Answer]:
    heard = temporal.by_label(facts.clip.events or ())
    stamps = (temporal.stamps(one_line(label), events) for label, events in heard.items())
    yield Answer(f"Label with timestamps: {'; '.join(stamps)}")


TEMPORAL = Task(
    name="temporal",
    folder="closed",
    about="sound",
    asks="when each sound is heard",
    needs=("events",),
    answers=_answers,
    pattern=rf"Label with timestamps: {TIMED}(?:; {TIMED})*",
    example="Label with timestamps: Squeak: [2.0s-7.2s, 7.4s-8.1s]; Tap: [9.6s-9.8s]",
    timed=True,
)
