"""What a published row is: its columns and its lineage. Tasks are `aig.core.tasks`, and named in the manifest."""

from __future__ import annotations

import pyarrow as pa

from aig.core.qa_id import IDENTITY
from aig.core.tables import QA

__all__ = [
    "DATA",
    "DATA_SHA256_KEY",
    "LINEAGE",
    "ROW_GROUP_ROWS",
    "SCHEMA_VERSION",
    "SUPPORTED_VERSIONS",
    "VERSION_KEY",
    "declared_columns",
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


DATA = pa.schema([QA.field(name).with_nullable(False) for name in IDENTITY], metadata=_METADATA)
"""The six columns that trainers read, in their order; all text, none null, only `input` may be empty."""

LINEAGE = pa.schema([field for field in QA if field.name not in IDENTITY], metadata=_METADATA)
"""Where a row comes from: the columns of the file beside each data file, row by row; those that may be null may also be
missing, for not every set has something to say in them."""


def declared_columns(names: list[str], schema: pa.Schema) -> pa.Schema | None:
    """The declared columns of a file with these names; `None` where they are not those of `schema` in its order.

    Columns that may be null may be left out.
    """
    there = [field for field in schema if field.name in set(names) or not field.nullable]
    return pa.schema(there, schema.metadata) if [field.name for field in there] == names else None
