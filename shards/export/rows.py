"""Which rows of a set are exported, and how they go together into samples."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from aig.core.databases import spilling_database
from aig.core.errors import UsageError
from aig.core.hashing import stable_hash_sql
from aig.shards.card import STAGES
from aig.shards.export.form import Form, Options, Sample
from aig.shards.manifest import SPLITS
from aig.shards.published import PublishedSet
from aig.shards.schema import DATA, LINEAGE

__all__ = ["ROW_SCHEMA", "chosen_rows", "later_rows", "samples_of"]

MEMORY = "800MB"
"""Above this DuckDB sorts on disk."""

_OF_THE_WHOLE = {"counting", "event recognition", "spoken content", "temporal events"}
"""Skills of questions whose answer another part of the clip may change."""

_TIME = re.compile(r"(\d+(?:\.\d+)?)s\b")

ROW_SCHEMA = pa.schema([*(pa.field(f.name, f.type) for f in DATA), *(pa.field(f.name, f.type) for f in LINEAGE)])
"""Columns of a row and its lineage."""


def samples_of(url: str, form: Form, options: Options, progress: Callable[[int], None] | None) -> Iterator[Sample]:
    """The samples of a set, without audio.

    A sample is a row, in the set's order; with several turns, or where the form wants it, the rows of a clip, and the
    clips come in the order of a hash of their id.

    Raises:
        UsageError: the config does not exist, the condition cannot be read, or nothing is at `url`.
        DataError: the set has no manifest that can be trusted.
    """
    split = options.split or (None if form.all_splits else SPLITS[0])
    batches = chosen_rows(url, options.config, options.where, split, progress)
    transcript = form.keeps_transcript if options.transcript is None else options.transcript
    if form.by_clip or options.turns > 1:
        batches = _sorted_by_clip(batches)
    tasks = PublishedSet(url).manifest().tasks
    beside = {name: {"about": spec.about, "levels": spec.words} for name, spec in tasks.items()}
    unknown = {"about": None, "levels": ()}
    rows = ({**row, **beside.get(row["task"], unknown)} for batch in batches for row in batch.to_pylist())
    if not transcript:
        rows = ({**row, "input": ""} for row in rows)
    if not form.by_clip and options.turns == 1:
        for row in rows:
            yield Sample(row["audio_id"], row["dataset"], (row,))
        return
    for audio_id, group in itertools.groupby(rows, key=lambda row: row["audio_id"]):
        of_clip = list(group)
        size = len(of_clip) if options.turns == 1 else options.turns
        for start in range(0, len(of_clip), size):
            yield Sample(audio_id, of_clip[0]["dataset"], tuple(of_clip[start : start + size]))


def chosen_rows(
    url: str,
    config: str = "default",
    where: str | None = None,
    split: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[pa.RecordBatch]:
    """Rows of a set with their lineage, in the set's order.

    Args:
        url: folder of the set: a local path or any fsspec URL.
        config: which rows: `default`, `stage1`, or another config of the card.
        where: condition in SQL on the columns of a row and its lineage.
        split: rows of this split alone; `None`: of all.
        progress: told the rows read.

    Raises:
        UsageError: the config does not exist, the condition cannot be read, or nothing is at `url`.
        DataError: the set has no manifest that can be trusted.
    """
    if config not in STAGES:
        raise UsageError(f"unknown config {config!r}", f"Choose one of: {', '.join(STAGES)}.")
    published = PublishedSet(url)
    files = [entry for entry in published.manifest().data_files if entry.folder in STAGES[config]]
    splits = sorted({entry.split for entry in files})
    if split is not None and split not in splits and files:
        raise UsageError(f"{config} has no split {split!r}", f"Choose one of them with --split: {', '.join(splits)}.")
    files = [entry for entry in files if split in (None, entry.split)]
    tables = (table for entry in files for table in published.rows(entry, DATA.names, LINEAGE.names))
    return _chosen(_counted(tables, progress), where)


def _counted(tables: Iterator[pa.Table], progress: Callable[[int], None] | None) -> Iterator[pa.RecordBatch]:
    for table in tables:
        columns = [
            table.column(field.name).cast(field.type)
            if field.name in table.column_names  # a set of an earlier version lacks the later columns
            else pa.nulls(table.num_rows, field.type)
            for field in ROW_SCHEMA
        ]
        for batch in pa.Table.from_arrays(columns, schema=ROW_SCHEMA).to_batches(max_chunksize=10_000):
            yield batch
            if progress:
                progress(batch.num_rows)


def _chosen(batches: Iterator[pa.RecordBatch], where: str | None) -> Iterator[pa.RecordBatch]:
    """The rows that satisfy a condition, evaluated by a DuckDB that can reach neither files nor network."""
    import duckdb

    if where is None:
        yield from batches
        return
    with duckdb.connect(":memory:", config={"enable_external_access": "false"}) as db:
        try:
            for batch in batches:
                found = db.from_arrow(pa.Table.from_batches([batch])).filter(where)
                yield from found.to_arrow_table().cast(ROW_SCHEMA).to_batches()
        except duckdb.Error as error:
            advice = f"Write a condition in SQL on the columns {', '.join(ROW_SCHEMA.names)}."
            raise UsageError(f"the condition {where!r} cannot be used: {error}", advice) from error


def _sorted_by_clip(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    order = f"{stable_hash_sql('audio_id')}, audio_id, task, instruction, output, qa_id"
    with spilling_database(MEMORY) as db:
        reader = pa.RecordBatchReader.from_batches(ROW_SCHEMA, batches)
        yield from db.from_arrow(reader).order(order).to_arrow_reader(10_000)


def later_rows(sample: Sample, end_s: float) -> list[dict[str, Any]]:
    """The rows of a cut clip that may speak of what comes after its end.

    These are time stamps beyond it, what is said in all, what was found in the whole clip (`_OF_THE_WHOLE`), and how it
    compares with another.
    """
    return (
        [
            row
            for row in sample.rows
            if row["task"] == "ASR" or row["input"] or row["skill"] in _OF_THE_WHOLE or _latest(row["output"]) > end_s
        ]
        if len(sample.clips) == 1
        else list(sample.rows)
    )


def _latest(text: str) -> float:
    return max((float(end) for end in _TIME.findall(text)), default=0.0)
