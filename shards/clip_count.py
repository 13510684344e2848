"""How many clips each dataset has rows about, counted while shards are written; 8 bytes a clip and dataset."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.hashing import Keys, row_keys

__all__ = ["ClipCount", "clip_keys"]

_PENDING = 4_000_000


def clip_keys(rows: pa.Table) -> dict[str, Keys]:
    """By dataset, hashes of the distinct audio ids in a table with the columns `dataset` and `audio_id`."""
    pairs = rows.select(["dataset", "audio_id"]).group_by(["dataset", "audio_id"], use_threads=False).aggregate([])
    datasets = pc.unique(pairs.column("dataset")).to_pylist()
    return {
        name: row_keys(pairs.filter(pc.equal(pairs.column("dataset"), name)).column("audio_id"), 0) for name in datasets
    }


class ClipCount:
    """Adds up `clip_keys` of many tables."""

    def __init__(self) -> None:
        self._keys: dict[str, list[Keys]] = {}
        self._rows = 0

    def add(self, keys: dict[str, Keys]) -> None:
        """Takes the keys of a table."""
        for name, own in keys.items():
            self._keys.setdefault(name, []).append(own)
            self._rows += len(own)
        if self._rows > _PENDING:
            self.counts()
            self._rows = 0

    def counts(self) -> dict[str, int]:
        """Distinct clips by dataset."""
        for name, parts in self._keys.items():
            keys = np.sort(np.concatenate(parts))
            self._keys[name] = [keys[np.concatenate([[True], keys[1:] != keys[:-1]])]]
        return {name: len(parts[0]) for name, parts in sorted(self._keys.items())}
