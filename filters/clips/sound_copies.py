"""Finds copies of sounds by their fingerprints (`aig.extractors.fingerprint`) among many.

A fingerprint's words, halved, are looked up among those of the known sounds; two hits at one distance in time make a
candidate, and it is a copy where few enough bits differ over all the time that both share.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["Copy", "KnownSound", "SoundIndex"]

HOP_S = 0.064
"""Time between two words of a fingerprint, in seconds."""

FEWEST_WORDS = 10
"""Words that two sounds must share (0.64 s): of less, nothing can be said."""

SURE_WORDS = 24
"""Words (1.5 s) from which on more bits may differ."""

MOST_DIFFERENT = 0.3
"""Share of differing bits from which on two sounds are not copies; of unrelated sounds half differ."""

MOST_DIFFERENT_OF_FEW = 0.2
"""The same where they share fewer than `SURE_WORDS`, as of few words chance lets fewer bits differ."""

_VOTES = 2
_CANDIDATES = 8
_MOST_HITS = 2_000
"""A half word that this many places share (a steady tone) points to none of them."""

Words = npt.NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class KnownSound:
    """A sound that copies are looked for of.

    Attributes:
        name: by which it is told, such as its file's.
        content: hash of its samples.
        fingerprint: as `aig.extractors.fingerprint.fingerprint` gives it; `None` where it is too short or silent.
    """

    name: str
    content: str
    fingerprint: bytes | None


@dataclass(frozen=True, slots=True)
class Copy:
    """A known sound that a clip is a copy of.

    Attributes:
        name: of the known sound.
        start_s: where the clip starts in it, in seconds; negative where it starts before it.
        shared_s: how long both are compared.
        different: share of bits that differ, 0 to 1.
    """

    name: str
    start_s: float
    shared_s: float
    different: float


class SoundIndex:
    """Known sounds, by the halves of their fingerprints' words; about 24 bytes a word."""

    def __init__(self, sounds: Sequence[KnownSound]) -> None:
        self.names = [sound.name for sound in sounds]
        self.contents = {sound.content: sound.name for sound in reversed(sounds)}
        self._words = [_words(sound.fingerprint) for sound in sounds]
        lengths = [len(words) for words in self._words]
        words = np.concatenate([np.empty(0, np.uint32), *self._words])
        sound_of = np.repeat(np.arange(len(sounds), dtype=np.int64), lengths)
        place = np.concatenate([np.empty(0, np.int64), *(np.arange(length) for length in lengths)])
        told = np.flatnonzero(words)
        keys = _halves(words[told])
        order = np.argsort(keys, kind="stable")
        self._keys = keys[order]
        self._sound = np.tile(sound_of[told], 2)[order]
        self._place = np.tile(place[told], 2)[order]

    def __len__(self) -> int:
        """How many sounds there are."""
        return len(self.names)

    def find(self, fingerprint: bytes | None) -> Copy | None:
        """The known sound that a clip is most alike, if it is a copy of it."""
        words = _words(fingerprint)
        told = np.flatnonzero(words)
        if len(told) < FEWEST_WORDS or not len(self._keys):
            return None
        keys, places = _halves(words[told]), np.tile(told, 2)
        first, last = np.searchsorted(self._keys, keys, "left"), np.searchsorted(self._keys, keys, "right")
        counts = np.where(last - first > _MOST_HITS, 0, last - first)
        hits = np.repeat(first - np.concatenate([[0], np.cumsum(counts)[:-1]]), counts) + np.arange(counts.sum())
        distance = self._place[hits] - np.repeat(places, counts)
        pairs, votes = np.unique((self._sound[hits] << 32) + distance + (1 << 31), return_counts=True)
        best = np.argsort(-votes, kind="stable")[:_CANDIDATES]
        found = [
            self._compared(words, int(pair >> 32), int(pair & 0xFFFFFFFF) - (1 << 31))
            for pair in pairs[best[votes[best] >= _VOTES]]
        ]
        copies = [copy for copy in found if copy is not None and copy.different < _bound(copy.shared_s)]
        return min(copies, key=lambda copy: copy.different, default=None)

    def _compared(self, words: Words, sound: int, distance: int) -> Copy | None:
        """The clip beside a known sound, its first word at a place of it; `None` where they share too little."""
        known = self._words[sound]
        start, end = max(0, -distance), min(len(words), len(known) - distance)
        mine, theirs = words[start:end], known[start + distance : end + distance]
        both = (mine != 0) & (theirs != 0)
        shared = int(both.sum())
        if shared < FEWEST_WORDS:
            return None
        differing = int(np.bitwise_count(mine[both] ^ theirs[both]).sum())
        return Copy(self.names[sound], distance * HOP_S, shared * HOP_S, differing / (32 * shared))


def _bound(shared_s: float) -> float:
    return MOST_DIFFERENT if shared_s >= SURE_WORDS * HOP_S else MOST_DIFFERENT_OF_FEW


def _words(fingerprint: bytes | None) -> Words:
    return np.frombuffer(fingerprint or b"", "<u4")


def _halves(words: Words) -> npt.NDArray[np.uint32]:
    """Both halves of each word, told apart by a bit: first all lower ones, then all upper ones."""
    return np.concatenate([words & np.uint32(0xFFFF), (words >> np.uint32(16)) | np.uint32(0x10000)])
