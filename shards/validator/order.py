"""Whether a set's rows stand in the order of their keys, and which pairs stand twice."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pyarrow.compute as pc

from aig.core.columns import plain_text
from aig.core.hashing import Keys, row_keys
from aig.core.qa_id import QA_ID_LENGTH
from aig.shards.manifest import FileEntry, lineage_path
from aig.shards.published import PublishedSet
from aig.shards.validator.findings import ValidationReport

__all__ = ["Order", "tell_duplicates"]


class Order:
    """Takes the keys of a set's shards, in their order; holds 8 bytes per row."""

    def __init__(self, report: ValidationReport) -> None:
        self._report = report
        self._keys: list[tuple[FileEntry, Keys]] = []
        self._last: dict[tuple[str, str], np.uint64] = {}

    def add(self, entry: FileEntry, keys: Keys) -> None:
        """Takes the keys of the next shard's rows."""
        if not len(keys):
            return
        group = entry.folder, entry.split
        first = np.array([self._last.get(group, 0)], np.uint64)
        wrong = np.flatnonzero(keys < np.concatenate([first, keys[:-1]]))
        if len(wrong):
            message = "rows of lineage are not in the order of the seeded hash: they were moved or swapped"
            self._report.error("order", message, lineage_path(entry.path), int(wrong[0]))
        self._last[group] = keys[-1]
        self._keys.append((entry, keys))

    def twins(self) -> Keys:
        """The keys that more than one row has."""
        keys = np.sort(np.concatenate([np.empty(0, np.uint64), *(keys for _, keys in self._keys)]))
        return np.unique(keys[1:][keys[1:] == keys[:-1]])

    def holding(self, keys: Keys) -> list[FileEntry]:
        """The shards that have rows with these keys."""
        return [entry for entry, own in self._keys if np.isin(own, keys).any()]


def tell_duplicates(
    published: PublishedSet, entries: Iterable[FileEntry], twins: Keys, seed: int, report: ValidationReport
) -> None:
    """Tells which qa_id stand more than once, having looked at them: two may share a key by chance."""
    first: dict[str, str] = {}
    for entry in entries:
        start = 0
        for table in published.rows(entry, (), ("qa_id",)):
            ids = plain_text(table.column("qa_id")).fill_null("")
            ids = pc.if_else(pc.equal(pc.binary_length(ids), QA_ID_LENGTH), ids, "")
            for row in np.flatnonzero(np.isin(row_keys(ids, seed), twins)).tolist():
                where = f"{entry.path} row {start + row}"
                if ids[row].as_py() and (before := first.setdefault(ids[row].as_py(), where)) != where:
                    report.error("duplicate", f"qa_id also of {before}", entry.path, start + row)
            start += table.num_rows
