"""All datasets the pipeline knows, by name."""

from __future__ import annotations

import difflib

from aig.core.errors import UsageError
from aig.datasets_registry.dataset import Dataset
from aig.datasets_registry.readers import (
    audiocaps,
    audioset,
    audioset_strong,
    clotho,
    fma,
    fsd50k,
    iemocap,
    libritts,
    mosei,
    vggsound,
    voxceleb2,
    wavcaps,
)
from aig.datasets_registry.readers.mirrors import with_mirrors

__all__ = ["DATASETS", "get"]

_ALL = (
    audioset.DATASET,
    audioset_strong.DATASET,
    vggsound.DATASET,
    fsd50k.DATASET,
    audiocaps.DATASET,
    wavcaps.FREESOUND,
    clotho.DATASET,
    wavcaps.SOUNDBIBLE,
    iemocap.DATASET,
    libritts.LIBRITTS,
    voxceleb2.DATASET,
    mosei.DATASET,
    fma.DATASET,
    libritts.LIBRITTS_R,
)

DATASETS: dict[str, Dataset] = {dataset.name: with_mirrors(dataset) for dataset in _ALL}
"""The thirteen in the order of the paper's table, then those beyond it."""


def get(name: str) -> Dataset:
    """The dataset of that name.

    Raises:
        UsageError: it does not exist; the advice names the nearest.
    """
    if name not in DATASETS:
        near = difflib.get_close_matches(name, DATASETS, n=1)
        hint = f"did you mean {near[0]!r}? " if near else ""
        raise UsageError(f"there is no dataset {name!r}", f"{hint}There are: {', '.join(DATASETS)}.")
    return DATASETS[name]
