"""Finds clips that come twice, in eight bytes a clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np

from datasets_registry.records import Clip, Quarantined

__all__ = ["without_repeats"]

_BATCH = 65_536


def without_repeats(dataset: str, items: Iterable[Clip | Quarantined]) -> Iterator[Clip | Quarantined]:
    """The items in their order, with every clip whose `audio_id` came before turned into a `Quarantined`.

    Ids are remembered as 64-bit hashes in a sorted array, 16 MB for two million clips; that two ids of that many
    share a hash has a probability of one in ten million.
    """
    seen = np.empty(0, dtype=np.int64)
    items = iter(items)
    while batch := list(islice(items, _BATCH)):
        places = [i for i, item in enumerate(batch) if isinstance(item, Clip)]
        hashes = np.fromiter((hash(batch[i].audio_id) for i in places), dtype=np.int64, count=len(places))
        fresh, first = np.unique(hashes, return_index=True)
        repeated = np.ones(len(places), dtype=bool)
        repeated[first] = False
        if seen.size:
            at = np.minimum(np.searchsorted(seen, hashes), seen.size - 1)
            repeated |= seen[at] == hashes
        for place in np.flatnonzero(repeated):
            i = places[place]
            batch[i] = _repeated(dataset, batch[i].audio_id)
        seen = np.union1d(seen, fresh)
        yield from batch


def _repeated(dataset: str, audio_id: str) -> Quarantined:
    return Quarantined(
        dataset=dataset,
        audio_id=audio_id,
        stage="index",
        error="repeated_clip",
        message=f"{audio_id} comes more than once; its first appearance is kept",
        advice="Give each clip an audio_id of its own, or remove the repetition.",
    )
