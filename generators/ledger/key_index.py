"""Where each reply is, for millions of them: 40 bytes a key rather than a Python object or three."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["KeyIndex"]

_Halves = npt.NDArray[np.uint64]

_MERGE_AT = 1 << 16


class KeyIndex:
    """Maps request keys (64 hex digits) to a place of three small integers; the first entry of a key stays.

    New keys gather in a dictionary and are merged into sorted arrays now and then.
    """

    def __init__(
        self, high: _Halves | None = None, low: _Halves | None = None, places: npt.NDArray[np.int64] | None = None
    ) -> None:
        """Without arguments an empty index; with the columns of another, sorted as it gave them, that one's keys."""
        # One tuple, replaced as a whole: another thread looking a key up sees the arrays of before or of after a merge.
        self._sorted: tuple[_Halves, _Halves, npt.NDArray[np.int64]] = (
            np.empty(0, np.uint64) if high is None else high,
            np.empty(0, np.uint64) if low is None else low,
            np.empty((0, 3), np.int64) if places is None else places,
        )
        self._recent: dict[tuple[int, int], tuple[int, int, int]] = {}

    def columns(self) -> tuple[_Halves, _Halves, npt.NDArray[np.int64]]:
        """The two halves of all keys and their places, sorted by the first half."""
        if self._recent:
            self._merge()
        return self._sorted

    def __len__(self) -> int:
        return len(self._sorted[0]) + len(self._recent)

    def __contains__(self, key: str) -> bool:
        return self.get(key) is not None

    def get(self, key: str) -> tuple[int, int, int] | None:
        """The place of a key, `None` where it has none."""
        halves = _halves(key)
        recent = self._recent.get(halves)
        return recent if recent is not None else self._merged(halves)

    def _merged(self, halves: tuple[int, int]) -> tuple[int, int, int] | None:
        high, low, places = self._sorted
        row = int(np.searchsorted(high, np.uint64(halves[0])))
        while row < len(high) and int(high[row]) == halves[0]:
            if int(low[row]) == halves[1]:
                segment, offset, length = places[row].tolist()
                return segment, offset, length
            row += 1
        return None

    def add(self, key: str, place: tuple[int, int, int]) -> bool:
        """Enters a key; false where it has a place already."""
        if key in self:
            return False
        self._recent[_halves(key)] = place
        if len(self._recent) >= max(_MERGE_AT, len(self._sorted[0]) // 8):
            self._merge()
        return True

    def _merge(self) -> None:
        recent = np.array(list(self._recent), np.uint64)
        high = np.concatenate([self._sorted[0], recent[:, 0]])
        low = np.concatenate([self._sorted[1], recent[:, 1]])
        places = np.concatenate([self._sorted[2], np.array(list(self._recent.values()), np.int64)])
        order = np.argsort(high, kind="stable")
        self._sorted = (high[order], low[order], places[order])
        self._recent.clear()


def _halves(key: str) -> tuple[int, int]:
    """The first 128 of a key's 256 bits: two of ten million differ with certainty enough (1 in 10^24)."""
    return int(key[:16], 16), int(key[16:32], 16)
