"""What publishing must know of clips: the side of the split each is on, its licence, and where its audio is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.clip_pairs import clips_in
from aig.core.hashing import Keys, row_keys
from aig.core.licences import of_both
from aig.core.tables import CLIPS, FEATURES, QA
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import dataset_of
from aig.pipelines.workspace.buckets import known_feature_parts
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.audio_index import AUDIO
from aig.shards.splits import Groups, group_clips, owners_split

if TYPE_CHECKING:
    import duckdb

__all__ = ["PublishedClips"]

_TIES = """
    SELECT audio_id, sides.side AS split, dataset || '/' || speaker_id AS speaker,
        regexp_replace(source_key, '@.*$', '') AS source, dataset || '/' || path AS recording, licence
    FROM clips JOIN sides ON clips.dataset = sides.of AND clips.split = sides.name ORDER BY audio_id
"""
_INDEX = """
    SELECT audio_id, path, start_s, end_s, duration_s, sample_rate, licence, source_key, content
    FROM clips LEFT JOIN (SELECT DISTINCT ON (audio_id) * FROM features) AS measured USING (audio_id) ORDER BY audio_id
"""
_BATCH = 50_000


class PublishedClips:
    """The clips of a configuration's datasets as their published rows need them; about 40 bytes per clip.

    Args:
        configuration: its `publish` says which share is held out, its seed draws it.
        workspace: with the clips and features of the datasets.
    """

    def __init__(self, configuration: Configuration, workspace: Workspace) -> None:
        self._database = _open(configuration, workspace)
        keys: list[Keys] = [np.empty(0, np.uint64)]
        licences: list[pa.Array] = [pa.array([], pa.string())]

        def clips() -> Iterator[pa.RecordBatch]:
            for batch in self._database.execute(_TIES).to_arrow_reader(_BATCH):
                keys.append(row_keys(batch.column("audio_id"), 0))
                licences.append(batch.column("licence"))
                yield batch

        publish = configuration.publish
        self.groups: Groups = group_clips(
            clips(), seed=configuration.seed, validation=publish.validation, test=publish.test
        )
        self._keys: Keys = np.concatenate(keys)
        order = np.argsort(self._keys)
        self._keys = self._keys[order]
        encoded = pa.chunked_array(licences).combine_chunks().dictionary_encode()
        self._licences = encoded.dictionary
        codes = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32)
        self._codes: npt.NDArray[np.int32] = codes[order]

    def finished(self, batch: pa.RecordBatch) -> pa.RecordBatch:
        """Rows with the split and the licence of their clips, without those about two clips of different splits."""
        clips, others = clips_in(batch.column("audio_id"))
        splits = self.groups.split_of(clips)
        if others is not None:
            apart = pc.and_(pc.is_valid(others), pc.not_equal(splits, self.groups.split_of(others.fill_null(""))))
            together = pc.invert(apart)
            batch, clips, others, splits = (column.filter(together) for column in (batch, clips, others, splits))
        values = {name: batch.column(name) for name in batch.schema.names}
        values |= {"split": splits, "licence": self._licence_of(clips, others)}
        columns = [values[field.name] if field.name in values else pa.nulls(batch.num_rows, field.type) for field in QA]
        return pa.RecordBatch.from_arrays(columns, schema=QA)

    def index(self) -> Iterator[pa.RecordBatch]:
        """What `audio/index.parquet` says of each clip, by id."""
        for batch in self._database.execute(_INDEX).to_arrow_reader(_BATCH):
            columns = {name: batch.column(name) for name in batch.schema.names}
            columns["group"] = self.groups.group_of(batch.column("audio_id"))
            yield pa.RecordBatch.from_arrays([columns[field.name].cast(field.type) for field in AUDIO], schema=AUDIO)

    def _licence_of(self, clips: pa.Array, others: pa.Array | None) -> pa.Array:
        first = self._licence_of_each(clips)
        if others is None or others.null_count == len(others):
            return first
        second = pc.if_else(pc.is_valid(others), self._licence_of_each(others.fill_null("")), first)
        return pa.array(map(of_both, first.to_pylist(), second.to_pylist()), pa.string())

    def _licence_of_each(self, audio_ids: pa.Array) -> pa.Array:
        if not len(self._keys):
            return pa.nulls(len(audio_ids), pa.string())
        keys = row_keys(audio_ids, 0)
        places = np.minimum(np.searchsorted(self._keys, keys), len(self._keys) - 1)
        codes = np.where(self._keys[places] == keys, self._codes[places], -1)
        return self._licences.take(pa.array(codes, mask=codes < 0))


def _open(configuration: Configuration, workspace: Workspace) -> duckdb.DuckDBPyConnection:
    """A database with `clips`, `features` and `sides`: the split that clips of an owners' split are on."""
    database = workspace.database()
    names = list(configuration.datasets)
    clips = [f"{name}/{part}" for name in names for part in workspace.parts("clips", name)]
    workspace.view(database, "clips", CLIPS, ("clips",), clips)
    features = [f"{name}/{part}" for name in names for part in known_feature_parts(configuration, workspace, name)]
    workspace.view(database, "features", FEATURES, ("features",), features)
    database.execute("CREATE TABLE sides (of VARCHAR, name VARCHAR, side VARCHAR)")
    pairs = database.execute("SELECT DISTINCT dataset, split FROM clips ORDER BY ALL").fetchall()
    for of, split in pairs:
        side = owners_split(split, dataset_of(configuration, of).train_splits)
        database.execute("INSERT INTO sides VALUES (?, ?, ?)", [of, split, side])
    return database
