"""Which of two recordings is louder."""

from __future__ import annotations

from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.comparisons import FIRST_OR_SECOND, which_is_more
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["COMPARE_VOLUME"]

_MARGIN_DB = 6.0
"""Twice the amplitude."""


def _apart(one: Measured, other: Measured) -> float | None:
    """By level and by loudness, by the less of the two; nothing where they say the contrary, or one is silent."""
    a, b = one.features, other.features
    if a is None or b is None or a.silent or b.silent:
        return None
    if a.volume_dbfs is None or b.volume_dbfs is None or a.loudness_lufs is None or b.loudness_lufs is None:
        return None
    found = (a.volume_dbfs - b.volume_dbfs, a.loudness_lufs - b.loudness_lufs)
    return min(found, key=abs) / _MARGIN_DB if found[0] * found[1] > 0 else None


def _answers(facts: Facts) -> Iterator[Answer]:
    """Recordings at least 6 dB apart, by RMS over active frames and by loudness (ITU-R BS.1770) alike."""
    yield from which_is_more(facts, "compare_volume", _apart, ("louder", "quieter"))


COMPARE_VOLUME = Task(
    name="compare_volume",
    folder="comparison",
    about="sound",
    asks="which of two recordings is louder or quieter",
    needs=("volume_dbfs", "loudness_lufs"),
    answers=_answers,
    pattern=FIRST_OR_SECOND,
    example="The second.",
    skill="sound character",
)
