"""Stable 64-bit hashes: the same for the same text and seed on every machine and in every version.

`stable_hash` is one text at a time, and the same in SQL; `row_keys` is another hash, of whole Arrow columns.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["HashSet", "Keys", "mix", "row_keys", "stable_hash", "stable_hash_sql"]

Keys = npt.NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def stable_hash(text: str) -> int:
    """A 64-bit hash of a text: the first half of its MD5, which DuckDB has too."""
    return int.from_bytes(hashlib.md5(text.encode(), usedforsecurity=False).digest()[:8], "big")


def stable_hash_sql(expression: str) -> str:
    """`stable_hash` of an expression of type VARCHAR, in DuckDB's SQL, of type UBIGINT."""
    return f"('0x' || substr(md5({expression}), 1, 16))::UBIGINT"


def mix(value: Keys) -> Keys:
    """The finisher of SplitMix64: every bit of the result depends on every bit of the value (Steele et al., 2014)."""
    value = (value ^ (value >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return value ^ (value >> np.uint64(31))


def row_keys(ids: pa.Array | pa.ChunkedArray, seed: int) -> Keys:
    """A 64-bit hash of each id, shape `(len(ids),)`: the same for the same id and seed on every machine.

    An id is read as 8-byte little-endian words; words of zero add nothing, so that padding does not matter.
    """
    if isinstance(ids, pa.ChunkedArray):
        ids = ids.combine_chunks()
    if len(ids) == 0:
        return np.empty(0, np.uint64)
    lengths = pc.binary_length(ids)
    longest = pc.max(lengths).as_py()
    width = max(8, -(-longest // 8) * 8)
    if pc.min(lengths).as_py() == width:
        text = np.frombuffer(_content(ids), np.uint8)
    else:
        text = np.array(ids.cast(pa.binary()).to_numpy(zero_copy_only=False), dtype=f"S{width}").view(np.uint8)
    words = text.reshape(len(ids), width).view("<u8")
    total = np.full(len(ids), mix(np.array([seed % 2**64], np.uint64) + _GOLDEN)[0])
    for column in range(words.shape[1]):
        word = np.ascontiguousarray(words[:, column])
        total += np.where(word == 0, np.uint64(0), mix(word ^ mix(_GOLDEN * np.full(1, column + 1, np.uint64))))
    return mix(total)


class HashSet:
    """A growing set of 64-bit hashes, 8 bytes each.

    Kept as sorted arrays, each at least twice as long as the next, so that adding stays cheap. That two of n different
    texts share a hash has a probability of n^2 / 2^65: one in ten million for two million texts.
    """

    def __init__(self) -> None:
        self._runs: list[Keys] = []

    def __len__(self) -> int:
        return sum(map(len, self._runs))

    def contains(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Which of some hashes are in the set, in their order."""
        found = np.zeros(len(keys), dtype=bool)
        for run in self._runs:
            at = np.searchsorted(run, keys)
            at[at == len(run)] = 0
            found |= run[at] == keys
        return found

    def add(self, keys: Keys) -> npt.NDArray[np.bool_]:
        """Adds hashes; returns which of them are new, the first of equal ones only."""
        order = keys.argsort(kind="stable")
        ordered = keys[order]
        fresh = ~self.contains(ordered)
        fresh[1:] &= ordered[1:] != ordered[:-1]
        merged = ordered[fresh]
        while len(merged) and self._runs and len(self._runs[-1]) < 2 * len(merged):
            merged = np.concatenate((self._runs.pop(), merged))
            merged.sort(kind="stable")
        if len(merged):
            self._runs.append(merged)
        new = np.empty(len(keys), dtype=bool)
        new[order] = fresh
        return new


def _content(ids: pa.Array) -> pa.Buffer:
    """The bytes of a string array's values, end to end."""
    offsets = np.frombuffer(ids.buffers()[1], np.int32)[ids.offset : ids.offset + len(ids) + 1]
    return ids.buffers()[2][int(offsets[0]) : int(offsets[-1])]
