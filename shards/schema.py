"""What a published row is: its columns, its lineage, its tasks, and the folder that each task goes to."""

from __future__ import annotations

import pyarrow as pa

from aig.core.records import CLASSIFICATION_TASKS, CLOSED_TASKS

__all__ = [
    "CATEGORIES",
    "CLASSIFICATION",
    "CLOSED",
    "DATA",
    "DATA_SHA256_KEY",
    "LEVELS",
    "LINEAGE",
    "OPEN",
    "ROW_GROUP_ROWS",
    "SCHEMA_VERSION",
    "TASKS",
    "VERSION_KEY",
    "category",
]

SCHEMA_VERSION = "1"
"""Raised whenever a column or the layout changes; in the manifest and in the metadata of every file."""

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

CLASSIFICATION = CLASSIFICATION_TASKS
"""Tasks of the training stages 1 and 2."""

CLOSED = tuple(task for task in CLOSED_TASKS if task not in CLASSIFICATION_TASKS)
"""The other closed-ended tasks."""

OPEN = ("open-ended question",)
"""What a chat model asked and answered."""

CATEGORIES: dict[str, tuple[str, ...]] = {"classification": CLASSIFICATION, "closed": CLOSED, "open": OPEN}
"""Folder under `data/` and the tasks in it."""

TASKS = CLASSIFICATION + CLOSED + OPEN
"""Every task a row may have."""

LEVELS: dict[str, tuple[str, ...]] = {
    "pitch_cla": ("very low", "low", "medium", "high", "very high"),
    "speed_cla": ("very slow", "slow", "medium", "fast", "very fast"),
    "energy_cla": ("very low", "low", "medium", "high", "very high"),
}
"""The five words of each scale, from low to high."""

_CATEGORY_OF = {task: name for name, tasks in CATEGORIES.items() for task in tasks}


def category(task: str) -> str:
    """The folder that rows of a task go to: `classification`, `closed` or `open`.

    Raises:
        KeyError: the task is not one of `TASKS`.
    """
    return _CATEGORY_OF[task]
