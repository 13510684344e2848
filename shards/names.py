"""The names that LTU-AS gives to feature files: they must differ wherever the clips differ.

The trainer reads a clip's features from one flat folder, from a file named after the last three folders and the stem
of the clip's path, joined by `_`. Two clips whose names run together would share one file.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from shards.shuffle import row_keys

__all__ = ["FeatureNames", "feature_name"]


def feature_name(audio_id: str) -> str:
    """The name, without `.npz`, under which LTU-AS looks for a clip's features."""
    *folders, last = audio_id.split("/")
    stem, dot, _ = last.rpartition(".")
    return "_".join([*folders[-3:], stem if dot and stem else last])


class FeatureNames:
    """Takes audio ids, finds those that differ and share a name. Holds 8 bytes per clip and its name."""

    def __init__(self) -> None:
        self._seen: npt.NDArray[np.uint64] = np.empty(0, np.uint64)
        self._first: dict[str, str] = {}
        self._collisions: list[tuple[str, str, str]] = []

    def add(self, audio_ids: pa.Array) -> None:
        """Takes the distinct audio ids of a shard."""
        keys = row_keys(audio_ids, 0)
        new = np.flatnonzero(~np.isin(keys, self._seen))
        for audio_id in audio_ids.take(pa.array(new)).to_pylist():
            name = feature_name(audio_id)
            first = self._first.setdefault(name, audio_id)
            if first != audio_id:
                self._collisions.append((first, audio_id, name))
        self._seen = np.union1d(self._seen, keys[new])

    def collisions(self) -> Iterator[tuple[str, str, str]]:
        """Two clips and the name they share."""
        yield from self._collisions
