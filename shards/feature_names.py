"""The names that LTU-AS gives to feature files: they must differ wherever the clips differ.

The trainer reads a clip's features from one flat folder, from a file named after the clip's path: its last three
folders and its stem, which is what stands before its last dot, joined by `_` (`gen_filename` of the released collator
and feature script, https://github.com/YuanGongND/ltu). A path without a dot has no stem, so a whole folder would share
one file: the trainer must be given paths of files, as `aig export` writes them. An `audio_id` is such a path without
its suffix, so its name is made as if it had one.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.audio_names import without_suffix
from aig.core.columns import plain_text
from aig.core.hashing import Keys, row_keys

__all__ = ["SharedKeys", "feature_name", "folded", "ltu_as_name", "name_keys"]

_PENDING = 4_000_000


def ltu_as_name(path: str) -> str:
    """The name, without `.npz`, under which LTU-AS looks for the features of an audio file."""
    *folders, last = path.split("/")[-4:]
    return "_".join([*folders, last.rpartition(".")[0]])


def feature_name(audio_id: str) -> str:
    """The name, without `.npz`, under which LTU-AS looks for a clip's features.

    A dot in an id is part of its stem, unless it begins an audio file's suffix: `clotho/development/river.01` gives
    `clotho_development_river.01`, `my_calls/a.wav` gives `my_calls_a`.
    """
    return "_".join(without_suffix(audio_id).split("/")[-4:])


def folded(audio_id: str) -> str:
    """What ids have in common that file systems without upper case, or of another normal form, take for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", audio_id).casefold())


def name_keys(audio_ids: pa.Array) -> npt.NDArray[np.uint64]:
    """64-bit hashes of each clip's feature name, folded id and id, shape `(len(audio_ids), 3)`."""
    audio_ids = plain_text(audio_ids)
    plain = pc.match_substring_regex(audio_ids, r"^(?:[^/]+/){0,3}[^/.]+$")
    names = _mapped(pc.replace_substring(audio_ids, "/", "_"), audio_ids, pc.invert(plain), feature_name)
    ascii_only = pc.string_is_ascii(audio_ids)
    small = _mapped(pc.ascii_lower(audio_ids), audio_ids, pc.invert(ascii_only), folded)
    return np.column_stack([row_keys(column, 0) for column in (names, small, audio_ids)])


def _mapped(simple: pa.Array, audio_ids: pa.Array, others: pa.Array, function: Callable[[str], str]) -> pa.Array:
    """What `simple` holds, but for `others`, whose ids are looked at one by one."""
    if not pc.any(others).as_py():
        return simple
    values = [function(audio_id) for audio_id in audio_ids.filter(others).to_pylist()]
    return pc.replace_with_mask(simple, others, pa.array(values, pa.string()))


class SharedKeys:
    """Takes keys and the keys of the clips that have them, and finds those of several clips; 16 bytes per clip."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.uint64]] = []
        self._rows = 0
        self._shared: list[Keys] = []

    def add(self, keys: npt.NDArray[np.uint64]) -> None:
        """Takes pairs of a key and its clip's key, shape `(clips, 2)`."""
        self._parts.append(keys)
        self._rows += len(keys)
        if self._rows > _PENDING:
            self._compact()
            self._rows = 0

    def shared(self) -> Keys:
        """The keys that more than one clip has."""
        self._compact()
        return np.unique(np.concatenate(self._shared))

    def _compact(self) -> None:
        keys = np.concatenate([np.empty((0, 2), np.uint64), *self._parts])
        keys = keys[np.argsort(keys[:, 0])]
        again = keys[1:, 0] == keys[:-1, 0]
        self._shared.append(keys[1:, 0][again & (keys[1:, 1] != keys[:-1, 1])])
        self._parts = [keys[np.concatenate([[True], ~again])]] if len(keys) else []
