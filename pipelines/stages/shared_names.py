"""Clips whose ids run together where they become names of files: told when they are read, not once all is paid for."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from aig.core.hashing import HashSet
from aig.core.records import Clip, Quarantined
from aig.shards.feature_names import feature_name, name_keys

__all__ = ["SharedNames"]


class SharedNames:
    """Remembers the names that a dataset's clips give to files; holds 16 bytes per clip."""

    def __init__(self) -> None:
        self._names, self._folded = HashSet(), HashSet()

    def without(self, items: list[Clip | Quarantined]) -> list[Clip | Quarantined]:
        """The items, with each clip whose name an earlier clip has turned into a `Quarantined`."""
        places = [place for place, item in enumerate(items) if isinstance(item, Clip)]
        keys = name_keys(pa.array([items[place].audio_id for place in places], pa.string()))
        told = list(items)
        for row in np.flatnonzero(~(self._folded.add(keys[:, 1]) & self._names.add(keys[:, 0]))).tolist():
            told[places[row]] = _shared(items[places[row]])
        return told


def _shared(clip: Clip | Quarantined) -> Quarantined:
    return Quarantined(
        dataset=clip.dataset,
        audio_id=clip.audio_id,
        stage="index",
        error="shared_name",
        message=f"{clip.audio_id} and a clip before it would share LTU-AS's feature file "
        f"{feature_name(clip.audio_id)}.npz, or differ by upper and lower case alone",
        advice="Give the clips an audio_id whose last four parts, between slashes, are its own.",
    )
