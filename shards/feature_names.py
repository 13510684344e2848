"""The names that LTU-AS gives to feature files: they must differ wherever the clips differ.

The trainer reads a clip's features from one flat folder, from a file named after the last three folders and the stem
of the clip's path, joined by `_`. Two clips whose names run together would share one file.

The trainer takes the stem by cutting off whatever stands behind the last dot. An `audio_id` has no suffix, unless it is
the path of one's own file, so a dot in it belongs to the name; the copies that `aig export` makes for the trainer are
called `<feature name>.flac`, and of that the trainer cuts the `.flac` alone.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.audio_names import without_suffix
from aig.core.hashing import Keys, row_keys

__all__ = ["FeatureNames", "feature_name", "name_keys"]

_PENDING = 4_000_000


def feature_name(audio_id: str) -> str:
    """The name, without `.npz`, under which LTU-AS looks for a clip's features."""
    return "_".join(without_suffix(audio_id).split("/")[-4:])


def name_keys(audio_ids: pa.Array) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of each clip's feature name and of its id, shape `(len(audio_ids), 2)`."""
    plain = pc.match_substring_regex(audio_ids, r"^(?:[^/]+/){0,3}[^/.]+$")
    names = pc.replace_substring(audio_ids, "/", "_")
    if not pc.all(plain).as_py():
        others = [feature_name(audio_id) for audio_id in audio_ids.filter(pc.invert(plain)).to_pylist()]
        names = pc.replace_with_mask(names, pc.invert(plain), pa.array(others, pa.string()))
    return np.column_stack([row_keys(names, 0), row_keys(audio_ids, 0)])


class FeatureNames:
    """Takes `name_keys` shard by shard and finds names that several clips share; holds 16 bytes per clip."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.uint64]] = []
        self._rows = 0
        self._shared: list[Keys] = []

    def add(self, keys: npt.NDArray[np.uint64]) -> None:
        """Takes the keys of a shard's clips."""
        self._parts.append(keys)
        self._rows += len(keys)
        if self._rows > _PENDING:
            self._compact()
            self._rows = 0

    def shared(self) -> Keys:
        """Hashes of the names that more than one clip has."""
        self._compact()
        return np.unique(np.concatenate(self._shared))

    def count(self) -> int:
        """How many names there are."""
        self._compact()
        return sum(map(len, self._parts))

    def _compact(self) -> None:
        keys = np.concatenate([np.empty((0, 2), np.uint64), *self._parts])
        keys = keys[np.argsort(keys[:, 0])]
        again = keys[1:, 0] == keys[:-1, 0]
        self._shared.append(keys[1:, 0][again & (keys[1:, 1] != keys[:-1, 1])])
        self._parts = [keys[np.concatenate([[True], ~again])]] if len(keys) else []
