"""Anybody's own data: a manifest in JSON Lines, CSV or Parquet whose columns are the fields of a `Clip`.

Only `path` is needed, relative to the root; `audio_id` defaults to it. A list in a CSV cell is JSON, or for labels and
genres names separated by `;`. Empty cells and nulls are absent. `events` is a list of
`{"label", "onset_s", "offset_s"}`.

In its place stand a Lhotse manifest of cuts or recordings, a table or tar that holds audio itself, or a folder of them
as Hugging Face `datasets` writes and reads it. Tables that others made are recognised by their columns, see `layouts`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from aig.core.records import Clip, Quarantined
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.files import existing, inside
from aig.datasets_registry.readers.columns import Columns
from aig.datasets_registry.readers.manifest_rows import manifest_rows
from aig.datasets_registry.text import manifest_fields
from aig.datasets_registry.text.parse_rows import Tally
from aig.datasets_registry.text.text_rows import MalformedRowError, quarantined

__all__ = ["clip_of", "dataset", "read"]

_ADVICE = (
    "Fix these lines, or give the manifest in its form: JSON Lines have one object a line, CSV a header and as many "
    "cells in each row."
)


def dataset(
    name: str, manifest: str | Path, *, title: str = "", licence: str = "", columns: Columns | None = None
) -> Dataset:
    """One's own data as a `Dataset`: the same type that describes the published ones.

    Its closed-ended tasks are all there are; a clip gets those whose fields it has.
    `read(Source(root))` takes the folder that the manifest's paths are relative to.

    Args:
        name: of the dataset, as in the configuration.
        manifest: the manifest's file.
        title: what the dataset is called in a dataset card; the name where empty.
        licence: of clips that name none.
        columns: what the manifest's columns are called; `None`: as the fields of a clip.
    """
    reader = partial(_reader, Path(manifest), name, licence, columns or Columns())
    return own(name, reader, title=title, licence=licence)


def own(name: str, reader: Any, *, title: str = "", licence: str = "") -> Dataset:
    """A `Dataset` for data of one's own, whatever reads it."""
    return Dataset(
        name=name,
        title=title or name,
        summary="Own data.",
        home="",
        paper="",
        licence=licence or "not stated",
        redistributable=False,
        access="own",
        clips=None,
        fields=tuple(manifest_fields.ANNOTATIONS),
        splits=(),
        train_splits=(),
        closed_tasks=None,
        open_prompt="audio",
        reader=reader,
    )


def _reader(manifest: Path, name: str, licence: str, columns: Columns, source: Source) -> Iterator[Clip | Quarantined]:
    return read(manifest, source.root, name, licence=licence, splits=source.splits, columns=columns)


def read(
    manifest: str | Path,
    root: str | Path,
    dataset: str,
    *,
    licence: str = "",
    splits: tuple[str, ...] = (),
    columns: Columns | None = None,
) -> Iterator[Clip | Quarantined]:
    """Streams the clips of a manifest in its order.

    Args:
        manifest: `.jsonl` (or `.ndjson`), `.csv`, `.tsv` or `.parquet`, the first four also with `.gz` behind; a
            Lhotse manifest; `.parquet`, `.arrow` or `.tar` with audio inside; or a folder of these.
        root: folder that `path` is relative to; a path that leaves it is quarantined.
        dataset: name of the dataset, put before each `audio_id`.
        licence: of clips that name none.
        splits: only these are read; empty: all.
        columns: what the manifest's columns are called; `None`: as the fields of a clip.

    Yields:
        A `Clip`, without `path` where the audio is not there, or a `Quarantined` with file, line and column.

    Raises:
        UsageError: the manifest cannot be read, has no column `path`, or has a column that is not a field of a clip
            (in JSON Lines: has it in its first line; in a later line it is quarantined), or most of its rows cannot be
            read.
    """
    file, folder = Path(manifest), Path(root)
    tally = Tally(dataset, _ADVICE)
    for source, number, row in manifest_rows(file, folder, columns or Columns()):
        try:
            if isinstance(row, MalformedRowError):
                raise row
            clip = clip_of(row, folder, dataset, licence)
        except MalformedRowError as error:
            yield quarantined(dataset, source, number, error)
            if error.code != "malformed_file":  # what is whole of a damaged file is read
                tally.refuse(source, error)
        else:
            tally.read += 1
            if not splits or clip.split in splits:
                yield clip
    tally.finish()


def clip_of(row: Mapping[str, Any], root: Path, dataset: str, licence: str = "") -> Clip:
    """The clip that a row by field names describes.

    Raises:
        MalformedRowError: a value is not valid, or there is no path.
    """
    values = {name: manifest_fields.value(name, given) for name, given in row.items() if given is not None}
    values = {name: given for name, given in values.items() if given is not None}
    path = values.get("path")
    if path is None:
        raise MalformedRowError("no path", column="path")
    path = inside(root, path)
    if values.pop("dataset", dataset) != dataset:
        raise MalformedRowError(f"the clip says it is of {row['dataset']!r}", column="dataset")
    own_id = values.pop("audio_id", None)
    audio_id = own_id if own_id and own_id.startswith(f"{dataset}/") else f"{dataset}/{own_id or path}"
    start, end = values.get("start_s"), values.get("end_s")
    if end is not None and end <= (start or 0.0):
        raise MalformedRowError(f"the clip ends at {end} s, not after its start", column="end_s")
    values["path"] = existing(root, path)
    if licence:
        values.setdefault("licence", licence)
    return Clip(audio_id=audio_id, dataset=dataset, **values)
