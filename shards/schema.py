"""What a published row is: its columns and its lineage. Tasks are `aig.core.tasks`, and named in the manifest."""

from __future__ import annotations

import pyarrow as pa

__all__ = [
    "DATA",
    "DATA_SHA256_KEY",
    "LINEAGE",
    "ROW_GROUP_ROWS",
    "SCHEMA_VERSION",
    "SUPPORTED_VERSIONS",
    "VERSION_KEY",
]

SCHEMA_VERSION = "2"
"""Raised whenever a column or the layout changes; in the manifest and in the metadata of every file."""

SUPPORTED_VERSIONS = ("1", "2")
"""Versions of sets that are read and checked; 1 named no tasks in its manifest."""

VERSION_KEY = b"aig.schema_version"
"""Key of the schema's version in a Parquet file's metadata."""

ROW_GROUP_ROWS = 65_536
"""Most rows of a row group."""

DATA_SHA256_KEY = b"aig.data_sha256"
"""Key, in a lineage file's metadata, of the SHA-256 of the data file it belongs to."""

_METADATA = {VERSION_KEY: SCHEMA_VERSION.encode()}


def _required(**columns: pa.DataType) -> pa.Schema:
    return pa.schema([pa.field(name, kind, nullable=False) for name, kind in columns.items()], metadata=_METADATA)


DATA = _required(
    instruction=pa.string(),
    input=pa.string(),
    audio_id=pa.string(),
    dataset=pa.string(),
    task=pa.string(),
    output=pa.string(),
)
"""The six columns that trainers read, in their order; all text, none null, only `input` may be empty."""

LINEAGE = _required(
    qa_id=pa.string(),
    prompt=pa.string(),
    prompt_sha256=pa.string(),
    model=pa.string(),
    request_id=pa.string(),
    finish_reason=pa.string(),
    answerable=pa.bool_(),
    source=pa.string(),
    split=pa.string(),
    extractor=pa.string(),
    seed=pa.int64(),
)
"""Where a row comes from: the columns of the file beside each data file, row by row."""
