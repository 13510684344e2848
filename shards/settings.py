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
        validation: share of the groups of clips (one speaker, video or recording) to validate on, 0 to 1; none unless
            asked for, as what is held out is not trained on.
        test: share of the groups to test on.
        audio: whether the audio of the clips is put into the set, 16 kHz FLAC, in `audio/`.
        drop: file of marks, as `aig browse` writes it; pairs marked bad are left out.
        keep: how many published versions are kept, the current one among them.
        max_shrink: share of the rows, or of the clips of any dataset, that a new version may lack of what is published
            now; beyond it nothing is published unless the loss is accepted.
    """

    rows_per_shard: int = Field(default=100_000, ge=1, le=MOST_ROWS)
    keep_not_answerable: bool = True
    validation: float = Field(default=0.0, ge=0, le=0.5)
    test: float = Field(default=0.0, ge=0, le=0.5)
    audio: bool = False
    drop: RelativePath | None = None
    keep: int = Field(default=5, ge=1)
    max_shrink: float = Field(default=0.1, ge=0, le=1)
