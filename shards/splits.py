"""Which clips train and which test: drawn by group, so that no speaker, video or recording is on both sides.

A group is everything that hangs together: clips of one speaker, of one video or Freesound recording whatever the
dataset, of one audio file; else a clip by itself. A group's side is drawn by a seeded hash of its strongest name, so it
stays where it is when clips are added to it or elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.columns import plain_text
from aig.core.hashing import Keys, mix, row_keys
from aig.shards.manifest import SPLITS

__all__ = ["TEST_NAMES", "VALIDATION_NAMES", "Groups", "group_clips", "owners_split"]

TRAIN, VALIDATION, TEST = range(len(SPLITS))

TEST_NAMES = ("test", "testing", "eval", "evaluation")
"""What owners call the clips that nobody may train on."""
VALIDATION_NAMES = ("validation", "valid", "val", "dev", "development", "devel")
"""What owners call the clips that models are chosen by; some call the clips to train on so, which they then say."""

_KINDS = ("speaker", "source", "recording", "clip")
"""What ties clips together, the strongest first; also the seeds of the hashes."""
_CLIP = len(_KINDS) - 1


def owners_split(name: str, train_splits: tuple[str, ...]) -> str:
    """The split of a set that clips of an owners' split belong to before any draw.

    Args:
        name: the owners' split.
        train_splits: the owners' splits that are trained on; none where they are not known, as in a manifest.
    """
    plain = name.casefold()
    if name in train_splits:
        return SPLITS[TRAIN]
    if plain in VALIDATION_NAMES:
        return SPLITS[VALIDATION]
    return SPLITS[TEST] if train_splits or plain in TEST_NAMES else SPLITS[TRAIN]


@dataclass(frozen=True, slots=True)
class Groups:
    """Clips with the group and the split of each; 17 bytes per clip.

    Attributes:
        clips: hashes of the audio ids, ascending.
        groups: hash of each clip's group.
        splits: index into `SPLITS` of each clip.
    """

    clips: Keys
    groups: Keys
    splits: npt.NDArray[np.uint8]

    def split_of(self, audio_ids: pa.Array | pa.ChunkedArray) -> pa.Array:
        """The split of each clip, `train` of those not known."""
        if not self.splits.any():
            return pa.repeat(SPLITS[TRAIN], len(audio_ids))
        keys = row_keys(plain_text(audio_ids), _CLIP)
        places, found = self._places(keys)
        return pa.array(SPLITS).take(pa.array(np.where(found, self.splits[places], TRAIN)))

    def group_of(self, audio_ids: pa.Array | pa.ChunkedArray) -> pa.Array:
        """The group of each clip as 16 hexadecimal digits; a clip that is not known is a group by itself."""
        keys = row_keys(plain_text(audio_ids), _CLIP)
        places, found = self._places(keys)
        groups = np.where(found, self.groups[places] if len(self.groups) else keys, keys)
        return pa.array([f"{group:016x}" for group in groups.tolist()], pa.string())

    def _places(self, keys: Keys) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        if not len(self.clips):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
        places = np.minimum(np.searchsorted(self.clips, keys), len(self.clips) - 1)
        return places, self.clips[places] == keys


def group_clips(batches: Iterable[pa.RecordBatch], *, seed: int, validation: float, test: float) -> Groups:
    """Groups clips and draws each group's split.

    A group with a clip that its owners test on is tested on, one with a clip to validate on is validated on; the
    others are drawn.

    Args:
        batches: clips with the columns `audio_id` and `split` (one of `SPLITS`, before the draw), and, null where there
            is none, `speaker`, `source` and `recording`: text that is the same for clips that belong together.
        seed: of the draw.
        validation: share of the groups to validate on, 0 to 1.
        test: share of the groups to test on.
    """
    nodes: list[list[Keys]] = [[] for _ in _KINDS]
    owners: list[npt.NDArray[np.uint8]] = []
    for batch in batches:
        for kind, name in enumerate((*_KINDS[:_CLIP], "audio_id")):
            column = plain_text(batch.column(name))
            keys = row_keys(column.fill_null(""), kind)
            keys[pc.is_null(column).to_numpy(zero_copy_only=False)] = 0
            nodes[kind].append(keys)
        owners.append(pc.index_in(plain_text(batch.column("split")), pa.array(SPLITS)).to_numpy().astype(np.uint8))
    keys_of = np.column_stack([np.concatenate([np.empty(0, np.uint64), *parts]) for parts in nodes])
    component, names = _components(keys_of)
    sides = _draw(names, seed, validation, test)
    np.maximum.at(sides, component, np.concatenate([np.empty(0, np.uint8), *owners]))
    order = np.argsort(keys_of[:, _CLIP])
    return Groups(keys_of[order, _CLIP], names[component][order], sides[component][order])


def _components(keys: npt.NDArray[np.uint64]) -> tuple[npt.NDArray[np.int64], Keys]:
    """The group of each clip, as a number, and the hash that names each group.

    Args:
        keys: of what each clip is tied to, a column per kind; 0 where it is tied to nothing of the kind.
    """
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    clips = len(keys)
    rows, columns = np.nonzero(keys)
    distinct, node = np.unique(keys[rows, columns], return_inverse=True)
    edges = coo_matrix((np.ones(len(rows), bool), (rows, clips + node)), shape=(clips + len(distinct),) * 2)
    count, labels = connected_components(edges, directed=False)
    of_clip = labels[:clips].astype(np.int64)
    # The smallest hash of the strongest kind names a group.
    order = np.lexsort((keys[rows, columns], columns, of_clip[rows]))
    groups, first = np.unique(of_clip[rows][order], return_index=True)
    names = np.zeros(count, np.uint64)
    names[groups] = keys[rows, columns][order][first]
    return of_clip, names


def _draw(names: Keys, seed: int, validation: float, test: float) -> npt.NDArray[np.uint8]:
    chance = mix(names ^ mix(np.full(1, seed % 2**64, np.uint64))) / 2.0**64
    sides = np.where(chance < validation, VALIDATION, np.where(chance < validation + test, TEST, TRAIN))
    return sides.astype(np.uint8)
