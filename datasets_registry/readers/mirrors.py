"""Datasets of the registry out of a mirror's Parquet files, read in place where their `root` holds those."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.members import audio_column
from aig.core.records import Clip, Quarantined
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.readers import libritts
from aig.datasets_registry.readers.audio_tables import AudioTable, folder_tables, table_rows
from aig.datasets_registry.readers.columns import Columns
from aig.datasets_registry.readers.huggingface import fields_of
from aig.datasets_registry.readers.layouts import AUDIO_STEM, LAYOUTS, Layout, find
from aig.datasets_registry.readers.manifest import clip_of
from aig.datasets_registry.text.text_rows import MalformedRowError, quarantined

__all__ = ["mirror_of", "with_mirrors"]

_DEPTH = 2
_LOOKED_AT = 1000
"""Entries of a folder that are looked at: a mirror has Parquet files at once, an audio folder a million others."""

Items = Iterable[Clip | Quarantined]


def with_mirrors(dataset: Dataset) -> Dataset:
    """The dataset with a reader that takes its mirrors too; itself where none is known."""
    if not any(layout.dataset == dataset.name for layout in LAYOUTS):
        return dataset
    return replace(dataset, reader=partial(_read, dataset.name, dataset.reader))


def _read(name: str, owners: Callable[[Source], Items], source: Source) -> Items:
    layout = mirror_of(name, source.root)
    return owners(source) if layout is None else _clips(name, layout, source)


def mirror_of(name: str, root: Path) -> Layout | None:
    """The mirror of a dataset that a folder holds, by the columns of the first Parquet file with audio in it."""
    for file in _some_tables(root, _DEPTH):
        try:
            schema = pq.read_schema(file)
            layout = find(schema.names, name)
        except (pa.ArrowException, OSError, UnicodeDecodeError):
            continue  # a file that is not whole yet; another says what the folder holds
        if layout is not None and len(audio_column(schema)) == 1:
            return layout
    return None


def _some_tables(folder: Path, depth: int) -> Iterator[Path]:
    inner: list[str] = []
    with os.scandir(folder) as entries:
        for _, entry in zip(range(_LOOKED_AT), entries, strict=False):
            if entry.name.endswith(".parquet"):
                yield Path(entry.path)
            elif depth and entry.name[0] != "." and entry.is_dir():
                inner.append(entry.path)
    for path in inner:
        yield from _some_tables(Path(path), depth - 1)


def _clips(name: str, layout: Layout, source: Source) -> Iterator[Clip | Quarantined]:
    """The rows of the wanted files; rows of one clip that follow one another are its captions."""
    if layout.note:
        source.note(f"{name}: {layout.note}")
    genders: dict[str, str] = {}
    if name in (libritts.LIBRITTS.name, libritts.LIBRITTS_R.name):
        yield from libritts.collect_genders(name, source, genders)
    last: Clip | None = None
    for item in _rows(name, layout, source):
        if isinstance(item, Clip):
            if genders and item.speaker_id:
                item = replace(item, gender=genders.get(item.speaker_id))
            if last is not None and last.audio_id == item.audio_id and item.captions and last.captions:
                last = replace(last, captions=(*last.captions, *item.captions))
                continue
            if last is not None:
                yield last
            last = item
        else:
            yield item
    if last is not None:
        yield last


def _rows(name: str, layout: Layout, source: Source) -> Iterator[Clip | Quarantined]:
    columns = Columns.of(layout)
    for table in folder_tables(source.root):
        split = layout.split(table.name)
        if split not in source.splits or not _is_wanted(table, source):
            continue
        for number, row in table_rows(table, source.root):
            # Only where the mirror has no column of ids at all is a clip called by its row.
            own = f"{table.name.removesuffix('.parquet')}/{number}" if AUDIO_STEM in layout.clip_id else ""
            fields = fields_of(row, columns, {"audio_id": own})
            try:
                if isinstance(fields, MalformedRowError):
                    raise fields
                if not fields.get("audio_id"):
                    raise MalformedRowError("no id")
                yield clip_of({**fields, "split": split}, source.root, name)
            except MalformedRowError as error:
                yield quarantined(name, table.file, number, error)


def _is_wanted(table: AudioTable, source: Source) -> bool:
    """Whether a file is of the wanted parts, which mirrors spell with dots: `train.clean.100`."""
    spelt = table.name.replace(".", "-")
    return not source.parts or any(part in spelt for part in source.parts)
