"""Finds clips that come twice, in eight bytes a clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

import numpy as np
import pyarrow as pa

from aig.core.hashing import HashSet, row_keys
from aig.core.records import Clip, Quarantined

__all__ = ["quarantine_duplicates"]

_BATCH = 8_192


def quarantine_duplicates(dataset: str, items: Iterable[Clip | Quarantined]) -> Iterator[Clip | Quarantined]:
    """The items in their order, with every clip whose `audio_id` came before turned into a `Quarantined`.

    Ids are remembered as 64-bit hashes, 16 MB for two million clips; that two ids of that many share a hash has a
    probability of one in ten million.
    """
    seen = HashSet()
    items = iter(items)
    while batch := list(islice(items, _BATCH)):
        places = [i for i, item in enumerate(batch) if type(item) is Clip]
        new = seen.add(row_keys(pa.array([batch[i].audio_id for i in places], pa.string()), 0))
        for place in np.flatnonzero(~new).tolist():
            i = places[place]
            batch[i] = _repeated(dataset, batch[i].audio_id)
        yield from batch


def _repeated(dataset: str, audio_id: str) -> Quarantined:
    return Quarantined(
        dataset=dataset,
        audio_id=audio_id,
        stage="index",
        error="repeated_clip",
        message=f"{audio_id} comes more than once; its first appearance is kept",
        advice="Give each clip its own audio_id, or remove the repetition.",
    )
