"""Which sounds the first of two recordings has and the second lacks."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from aig.core.records import Measured
from aig.generators.closed_ended import temporal
from aig.generators.closed_ended.comparisons import partners
from aig.generators.closed_ended.distractors import absent_from, heard
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import LABELS
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line
from aig.prompts.sound_families import nameable

__all__ = ["COMPARE_ONLY_FIRST"]

_MOST = 4
"""Sounds of an answer."""

_LOOKED_AT = 60


def _only(one: Measured, other: Measured) -> list[str]:
    """The sounds of a clip that another lacks; none where of one of them nobody could say for certain."""
    also = set(heard(other))
    own = dict.fromkeys((*temporal.by_label(one.clip.events or ()), *(one.clip.labels or ())))
    rest = [label for label in own if label not in also]
    certain = all(nameable(label) and absent_from(label, other) for label in rest)
    return rest if certain and len(rest) <= _MOST else []


def _answers(facts: Facts) -> Iterator[Answer]:
    """Of two clips of which is known when each sound is heard, those that share a sound first."""
    own = set(heard(facts.measured))
    fallback: Measured | None = None
    for other in islice(partners(facts, "compare_only_first"), _LOOKED_AT):
        if other.clip.events and not other.tagged and _only(facts.measured, other) and _only(other, facts.measured):
            if own & set(heard(other)):
                yield from _both(facts, other, "advanced")
                return
            fallback = fallback or other
    if fallback:
        yield from _both(facts, fallback, "intermediate")


def _both(facts: Facts, other: Measured, difficulty: str) -> Iterator[Answer]:
    for one, two in ((facts.measured, other), (other, facts.measured)):
        output = f"Sounds: {'; '.join(map(one_line, _only(one, two)))}."
        yield Answer(output, difficulty=difficulty, clips=(one.clip.audio_id, two.clip.audio_id))


COMPARE_ONLY_FIRST = Task(
    name="compare_only_first",
    folder="comparison",
    about="sound",
    asks="the sounds that only the first of two recordings has",
    needs=("events",),
    answers=_answers,
    pattern=rf"Sounds: {LABELS}\.",
    example="Sounds: Dog; Rain.",
    skill="event recognition",
)
