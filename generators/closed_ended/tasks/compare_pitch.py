"""Which of two voices is higher."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.comparisons import FIRST_OR_SECOND, which_is_more
from aig.generators.closed_ended.facts import Answer, Facts, somebody_speaks
from aig.generators.closed_ended.task import Task

__all__ = ["COMPARE_PITCH"]

_MARGIN_ST = 3.0
"""Semitones: several times what is heard, and what mean F0 is off by."""

_MOST_ST = 14.0
"""Farther apart than voices are: one of the two may be an octave error."""

_MOST_WITHIN_GENDER_ST = 9.0


def _apart(one: Measured, other: Measured) -> float | None:
    a, b = (item.features.f0_hz if item.features and somebody_speaks(item) else None for item in (one, other))
    if not a or not b:
        return None
    semitones = 12 * math.log2(a / b)
    same = one.clip.gender is not None and one.clip.gender == other.clip.gender
    return semitones / _MARGIN_ST if abs(semitones) <= (_MOST_WITHIN_GENDER_ST if same else _MOST_ST) else None


def _answers(facts: Facts) -> Iterator[Answer]:
    """Voices whose mean fundamental frequencies are at least three semitones apart."""
    yield from which_is_more(facts, "compare_pitch", _apart, ("higher", "lower"))


COMPARE_PITCH = Task(
    name="compare_pitch",
    folder="comparison",
    about="voice",
    asks="which of two voices is higher or lower",
    needs=("f0_hz",),
    answers=_answers,
    pattern=FIRST_OR_SECOND,
    example="The first.",
    skill="paralinguistics",
)
