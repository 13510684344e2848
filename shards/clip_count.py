"""How many clips each dataset has rows about, counted while shards are written; 8 bytes a clip and dataset."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.clip_pairs import distinct_clips
from aig.core.hashing import HashSet, Keys, row_keys

__all__ = ["ClipCount", "clip_keys"]


def clip_keys(rows: pa.Table) -> dict[str, Keys]:
    """By dataset, hashes of the distinct clips that a table with the columns `dataset` and `audio_id` names."""
    pairs = rows.select(["dataset", "audio_id"]).group_by(["dataset", "audio_id"], use_threads=False).aggregate([])
    datasets = pc.unique(pairs.column("dataset")).to_pylist()
    return {
        name: row_keys(distinct_clips(pairs.filter(pc.equal(pairs.column("dataset"), name)).column("audio_id")), 0)
        for name in datasets
    }


class ClipCount:
    """Adds up `clip_keys` of many tables."""

    def __init__(self) -> None:
        self._clips: defaultdict[str, HashSet] = defaultdict(HashSet)

    def add(self, keys: dict[str, Keys]) -> None:
        """Takes the keys of a table."""
        for name, own in keys.items():
            self._clips[name].add(own)

    def contains(self, audio_ids: pa.Array) -> npt.NDArray[np.bool_]:
        """Which of some clips have rows, in their order."""
        keys = row_keys(audio_ids, 0)
        found = np.zeros(len(keys), bool)
        for own in self._clips.values():
            found |= own.contains(keys)
        return found

    def counts(self) -> dict[str, int]:
        """Distinct clips by dataset."""
        return {name: len(clips) for name, clips in sorted(self._clips.items())}
