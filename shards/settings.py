"""Settings of the publish stage."""

from __future__ import annotations

from pydantic import Field

from aig.core.settings import RelativePath, Strict

__all__ = ["MOST_ROWS", "PublishSettings"]

MOST_ROWS = 1_000_000
"""Rows of the largest shard: some hundred MB in memory while it is written."""


class PublishSettings(Strict):
    """How the published set is cut.

    Attributes:
        rows_per_shard: most rows of a shard; shards of one folder differ by one row at most.
        keep_not_answerable: whether answers that say that it cannot be determined are published.
        drop: file of marks, as `aig browse` writes it; pairs marked bad are left out.
    """

    rows_per_shard: int = Field(default=100_000, ge=1, le=MOST_ROWS)
    keep_not_answerable: bool = True
    drop: RelativePath | None = None
