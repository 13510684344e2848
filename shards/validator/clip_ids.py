"""Clips whose ids run together: one feature file for two, or one file on disks that know no upper case."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable

import numpy as np

from aig.core.clip_pairs import distinct_clips
from aig.core.hashing import HashSet, Keys
from aig.shards.feature_names import SharedKeys, feature_name, folded, name_keys
from aig.shards.manifest import FileEntry
from aig.shards.published import PublishedSet
from aig.shards.validator.findings import ValidationReport
from aig.shards.validator.shard_check import ShardResult

__all__ = ["ClipIds"]

_NAME, _FOLDED, _ID = range(3)
"""Columns of `aig.shards.feature_names.name_keys`."""


class ClipIds:
    """Takes the ids of a set's shards; holds 40 bytes per clip."""

    def __init__(self) -> None:
        self._names, self._folded, self._ids = SharedKeys(), SharedKeys(), HashSet()

    def add(self, result: ShardResult) -> None:
        """Takes the ids of a shard."""
        self._names.add(result.names[:, [_NAME, _ID]])
        self._folded.add(result.names[:, [_FOLDED, _ID]])
        self._ids.add(result.names[:, _ID])

    def count(self) -> int:
        """How many clips there are."""
        return len(self._ids)

    def tell(self, published: PublishedSet, entries: Iterable[FileEntry], report: ValidationReport) -> None:
        """Tells which clips share the name of a feature file, and which differ by case or normal form alone."""
        entries = list(entries)
        told: set[str] = set()
        if len(shared := self._folded.shared()):
            for before, audio_id in _sharing(published, entries, shared, _FOLDED, folded):
                told.add(audio_id)
                report.error("similar_ids", f"{before!a} and {audio_id!a} differ by {_how(before, audio_id)} alone")
        if len(shared := self._names.shared()):
            for before, audio_id in _sharing(published, entries, shared, _NAME, feature_name):
                if audio_id not in told:
                    name = feature_name(audio_id)
                    report.error("feature_name", f"{before!r} and {audio_id!r} share LTU-AS's feature file {name}.npz")


def _how(one: str, other: str) -> str:
    same = unicodedata.normalize("NFC", one) == unicodedata.normalize("NFC", other)
    return "their Unicode normal form" if same else "upper and lower case"


def _sharing(
    published: PublishedSet, entries: list[FileEntry], shared: Keys, column: int, name: Callable[[str], str]
) -> Iterable[tuple[str, str]]:
    first: dict[str, str] = {}
    told: set[str] = set()
    for entry in entries:
        for table in published.rows(entry, ("audio_id",)):
            ids = distinct_clips(table.column("audio_id"))
            for row in np.flatnonzero(np.isin(name_keys(ids)[:, column], shared)).tolist():
                audio_id = ids[row].as_py()
                before = first.setdefault(name(audio_id), audio_id)
                if before != audio_id and audio_id not in told:
                    told.add(audio_id)
                    yield before, audio_id
