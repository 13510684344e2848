"""`audio/index.parquet`: which audio a set's rows are about, so that it can be found again on another machine."""

from __future__ import annotations

import pyarrow as pa

from aig.shards.schema import SCHEMA_VERSION, VERSION_KEY

__all__ = ["AUDIO", "AUDIO_INDEX"]

AUDIO_INDEX = "audio/index.parquet"
"""Path of the index inside a set."""

AUDIO = pa.schema(
    [
        pa.field("audio_id", pa.string(), nullable=False),
        pa.field("path", pa.string()),
        pa.field("start_s", pa.float64()),
        pa.field("end_s", pa.float64()),
        pa.field("duration_s", pa.float64()),
        pa.field("sample_rate", pa.int32()),
        pa.field("licence", pa.string()),
        pa.field("source_key", pa.string()),
        pa.field("content", pa.string()),
        pa.field("group", pa.string(), nullable=False),
    ],
    metadata={VERSION_KEY: SCHEMA_VERSION.encode()},
)
"""A row per clip that has rows, by id: the file below the dataset's root, the clip's times in it, its length and rate,
its licence, its source as other datasets name it too, a hash of its samples, and what it shares with clips of the same
speaker, video or recording."""
