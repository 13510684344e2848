"""Finds clips that come twice, in eight bytes a clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import numpy.typing as npt

from aig.core.records import Clip, Quarantined

__all__ = ["quarantine_duplicates"]

_BATCH = 16_384


def quarantine_duplicates(dataset: str, items: Iterable[Clip | Quarantined]) -> Iterator[Clip | Quarantined]:
    """The items in their order, with every clip whose `audio_id` came before turned into a `Quarantined`.

    Ids are remembered as 64-bit hashes, 16 MB for two million clips; that two ids of that many share a hash has a
    probability of one in ten million.
    """
    seen = _Hashes()
    items = iter(items)
    while batch := list(islice(items, _BATCH)):
        places = [i for i, item in enumerate(batch) if type(item) is Clip]
        hashes = np.fromiter((hash(batch[i].audio_id) for i in places), dtype=np.int64, count=len(places))
        order = hashes.argsort(kind="stable")
        ordered = hashes[order]
        repeated = seen.contains(ordered)
        repeated[1:] |= ordered[1:] == ordered[:-1]
        seen.add(ordered[~repeated])
        for place in order[repeated]:
            i = places[place]
            batch[i] = _repeated(dataset, batch[i].audio_id)
        yield from batch


class _Hashes:
    """A growing set of hashes as sorted arrays, each at least twice as long as the next, so merging stays cheap."""

    def __init__(self) -> None:
        self._runs: list[npt.NDArray[np.int64]] = []

    def contains(self, ordered: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        found = np.zeros(len(ordered), dtype=bool)
        for run in self._runs:
            at = np.searchsorted(run, ordered)
            at[at == len(run)] = 0
            found |= run[at] == ordered
        return found

    def add(self, ordered: npt.NDArray[np.int64]) -> None:
        if not len(ordered):
            return
        while self._runs and len(self._runs[-1]) < 2 * len(ordered):
            ordered = np.concatenate((self._runs.pop(), ordered))
            ordered.sort(kind="stable")
        self._runs.append(ordered)


def _repeated(dataset: str, audio_id: str) -> Quarantined:
    return Quarantined(
        dataset=dataset,
        audio_id=audio_id,
        stage="index",
        error="repeated_clip",
        message=f"{audio_id} comes more than once; its first appearance is kept",
        advice="Give each clip an audio_id of its own, or remove the repetition.",
    )
