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
    """By words, and by syllables too, which must not say the contrary; by the less of the two."""
    if not all(somebody_speaks(item) for item in (one, other)):
        return None
    found = []
    for rate in ("words_per_s", "syllables_per_s"):
        a, b = (getattr(item.features, rate) for item in (one, other))
        if a and b:
            found.append(math.log(a / b) / _MARGIN)
    counted = all(len(item.spoken.split()) >= _LEAST_WORDS for item in (one, other) if item.spoken)
    if not found or not counted or min(found) * max(found) < 0:
        return None
    return min(found, key=abs)


def _answers(facts: Facts) -> Iterator[Answer]:
    """Speech that is at least three tenths faster or slower, by words and by syllables."""
    yield from which_is_more(facts, "compare_speed", _apart, ("faster", "more slowly"))


COMPARE_SPEED = Task(
    name="compare_speed",
    folder="comparison",
    about="voice",
    asks="in which of two recordings the speech is faster or slower",
    needs=("words_per_s|syllables_per_s",),
    answers=_answers,
    pattern=FIRST_OR_SECOND,
    example="The second.",
    skill="paralinguistics",
)
