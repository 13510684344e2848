"""Annotated text against the recogniser's transcript: clips by word error rate, for the report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aig.filters.clips.word_errors import BANDS, band, word_error_rate

if TYPE_CHECKING:
    import duckdb

__all__ = ["COMPARED", "word_error_bands"]

COMPARED = 10_000
"""Most clips of a dataset that are compared: one takes 0.1 ms, and the shares are then right to a hundredth."""


def word_error_bands(database: duckdb.DuckDBPyConnection) -> dict[str, list[int]]:
    """By dataset, how many clips are in each band of `aig.filters.clips.word_errors.BANDS`, and beyond the last."""
    rows = database.execute(
        """
        SELECT dataset, text, transcript FROM measured WHERE text IS NOT NULL AND transcript IS NOT NULL
        QUALIFY row_number() OVER (PARTITION BY dataset ORDER BY hash(audio_id)) <= $most
        ORDER BY dataset
        """,
        {"most": COMPARED},
    )
    found: dict[str, list[int]] = {}
    while batch := rows.fetchmany(1024):
        for dataset, text, transcript in batch:
            rate = word_error_rate(text, transcript)
            if rate is not None:
                found.setdefault(dataset, [0] * (len(BANDS) + 1))[band(rate)] += 1
    return found
