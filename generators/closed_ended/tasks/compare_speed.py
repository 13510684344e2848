"""In which of two recordings somebody speaks faster."""

from __future__ import annotations

import math
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.comparisons import FIRST_OR_SECOND, which_is_more
from aig.generators.closed_ended.facts import Answer, Facts, somebody_speaks
from aig.generators.closed_ended.task import Task

__all__ = ["COMPARE_SPEED"]

_MARGIN = math.log(1.3)
"""Three tenths faster: six times the difference that listeners notice (5 %; Quené 2007, Journal of Phonetics 35)."""

_LEAST_WORDS = 5


def _apart(one: Measured, other: Measured) -> float | None:
    """By recognised words; not where the syllables say the contrary.

    Syllables alone do not do: in noise, a reverberant room or a narrow band they are counted too few or too many.
    """
    if one.features is None or other.features is None or not (somebody_speaks(one) and somebody_speaks(other)):
        return None
    a, b = one.features.words_per_s, other.features.words_per_s
    if not a or not b or min(len(item.spoken.split()) for item in (one, other)) < _LEAST_WORDS:
        return None
    margins = math.log(a / b) / _MARGIN
    c, d = one.features.syllables_per_s, other.features.syllables_per_s
    return margins if not c or not d or math.log(c / d) * margins >= 0 else None


def _answers(facts: Facts) -> Iterator[Answer]:
    """Speech that is at least three tenths faster or slower."""
    yield from which_is_more(facts, "compare_speed", _apart, ("faster", "more slowly"))


COMPARE_SPEED = Task(
    name="compare_speed",
    folder="comparison",
    about="voice",
    asks="in which of two recordings the speech is faster or slower",
    needs=("words_per_s",),
    answers=_answers,
    pattern=FIRST_OR_SECOND,
    example="The second.",
    skill="paralinguistics",
)
