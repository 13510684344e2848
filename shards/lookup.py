"""Finds a pair in a published set by its id, without reading the set: rows stand in the order of a hash of the id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.hashing import row_keys
from aig.core.tasks import FOLDERS
from aig.shards.manifest import FileEntry, lineage_path
from aig.shards.published import PublishedSet
from aig.shards.schema import DATA, LINEAGE

__all__ = ["Found", "find"]


@dataclass(frozen=True, slots=True)
class Found:
    """A pair of a published set.

    Attributes:
        shard: path of its data file inside the set.
        row: in that file, from 0.
        data: its six columns.
        lineage: its columns of lineage.
    """

    shard: str
    row: int
    data: dict[str, Any]
    lineage: dict[str, Any]


def find(published: PublishedSet, qa_id: str) -> Found | None:
    """The pair with this id; `None` where the set has none.

    Raises:
        DataError: the set has no manifest that can be trusted.
    """
    manifest = published.manifest()
    key = int(row_keys(pa.array([qa_id], pa.string()), manifest.build.seed)[0])
    for name in FOLDERS:
        entries = [entry for entry in manifest.data_files if entry.folder == name]
        if found := _in_folder(published, entries, qa_id, key, manifest.build.seed):
            return found
    return None


def _in_folder(published: PublishedSet, entries: list[FileEntry], qa_id: str, key: int, seed: int) -> Found | None:
    """Looks where the key should be, keys being spread evenly, and moves by what it finds there."""
    low, high = 0, len(entries) - 1
    while low <= high:
        guess = min(max(key * len(entries) >> 64, low), high)
        with published.file(lineage_path(entries[guess].path)) as path:
            ids = pq.read_table(path, columns=["qa_id"]).column("qa_id")
            keys = row_keys(ids, seed)
            for row in np.flatnonzero(keys == np.uint64(key)).tolist():
                if ids[row].as_py() == qa_id:
                    return _row(published, entries[guess], row)
        if len(keys) and key <= int(keys[0]):
            high = guess - 1
        elif len(keys) and key >= int(keys[-1]):
            low = guess + 1
        else:
            return None
    return None


def _row(published: PublishedSet, entry: FileEntry, row: int) -> Found:
    start = row
    for table in published.rows(entry, DATA.names, LINEAGE.names):
        if row < table.num_rows:
            values = table.slice(row, 1).to_pylist()[0]
            data = {name: values[name] for name in DATA.names}
            return Found(entry.path, start, data, {name: values[name] for name in LINEAGE.names})
        row -= table.num_rows
    raise AssertionError("lineage has more rows than data")
