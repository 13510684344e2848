"""Publishes QA pairs as the set of files that trainers read: checked, shuffled, cut evenly, with lineage beside.

The same rows, settings and build give the same bytes, in whatever order and however often the rows are handed over.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aig.core.clip_pairs import PAIR_SEPARATOR
from aig.core.errors import DataError
from aig.core.hashing import Keys
from aig.core.parallel import map_in_order
from aig.core.qa_id import qa_ids
from aig.core.records import Quarantined
from aig.core.tables import QA, completed
from aig.core.tasks import COMPARISON, FOLDERS, TaskSpec
from aig.shards.audio_index import AUDIO, AUDIO_INDEX
from aig.shards.card import card
from aig.shards.choice_check import other_answers, right_answers
from aig.shards.clip_count import ClipCount, clip_keys
from aig.shards.croissant import croissant
from aig.shards.manifest import SPLITS, Build, FileEntry, Manifest, lineage_path, shard_path
from aig.shards.rules import Broken, broken_lineage, broken_rows
from aig.shards.schema import DATA, DATA_SHA256_KEY, LINEAGE, ROW_GROUP_ROWS
from aig.shards.settings import PublishSettings
from aig.shards.writer.shuffle import Shuffle
from aig.shards.writer.staging import staging

__all__ = ["publish"]

WORKERS = 2
"""Threads that check and compress; Arrow lets go of Python's lock in both."""

CHECK_ROWS = 50_000

_PLAIN = ("path", "content", "source_key", "group", "instruction", "input", "audio_id", "output", "qa_id", "request_id")
"""Text columns whose values seldom repeat inside a shard, so that a dictionary of them is work for nothing."""
_PLACES = tuple(f"{split}/{folder}" for split in SPLITS for folder in FOLDERS)
"""What rows are parted by: no file holds rows of two splits or of two folders."""
_REPEATING = tuple(field.name for field in QA if field.type == pa.string() and field.name not in _PLAIN)
_COMPACT = pa.schema(
    [field.with_type(pa.dictionary(pa.int32(), pa.string())) if field.name in _REPEATING else field for field in QA]
)
"""`QA` on its way: moving an index costs less than moving the text."""


def publish(
    batches: Iterable[pa.RecordBatch],
    out_url: str,
    settings: PublishSettings,
    build: Build,
    quarantine: Callable[[Quarantined], None] | None = None,
    also_left_out: Mapping[str, int] | None = None,
    audio: Iterable[pa.RecordBatch] | None = None,
) -> Manifest:
    """Publishes rows as a set in place of the one before, as a whole or not at all.

    Args:
        batches: rows with the columns of `aig.core.tables.QA`, in any order, consumed once.
        out_url: folder of the set: a local path or any fsspec URL.
        settings: how the set is cut.
        build: how the rows were made; its seed orders them.
        quarantine: told of each row that breaks a rule of `aig.shards.rules`; such rows are left out in any case and
            counted in the manifest.
        also_left_out: rows that `batches` left out, by reason, for the manifest; read when `batches` has ended.
        audio: what is known of the clips, with the schema `aig.shards.audio_index.AUDIO`, by id; those without rows are
            left out. Without it, or where none of the clips is known, the set has no audio index.

    Returns:
        The manifest as written.

    Raises:
        DataError: nothing to publish, a qa_id twice, or a batch with other columns.
        UsageError: another publish is writing the same set, or `out_url` is a file.
    """
    left_out: Counter[str] = Counter()
    counts: Counter[tuple[str, str]] = Counter()
    licences: Counter[str] = Counter()
    skills: Counter[tuple[str, str]] = Counter()
    with staging(out_url) as stage:
        runs = stage.folder / "runs"
        runs.mkdir()
        with ThreadPoolExecutor(WORKERS, thread_name_prefix="aig-publish") as pool:
            shuffle = Shuffle(runs, _COMPACT, _PLACES, build.seed, pool)
            checked = map_in_order(pool, lambda some: _check(some, build), _lists(batches), ahead=2 * WORKERS)
            for batch, refused in checked:
                for item in refused:
                    left_out[item.error] += 1
                    if quarantine:
                        quarantine(item)
                if not settings.keep_not_answerable:
                    kept = batch.filter(batch.column("answerable"))
                    left_out["not_answerable"] += batch.num_rows - kept.num_rows
                    batch = kept
                if batch.num_rows:
                    shuffle.add(batch, _places(batch, build.task_specs))
                    counts.update(_counts(batch))
                    licences.update(_licences(batch))
                    skills.update(_skills(batch))
            left_out.update(also_left_out or {})
            if not counts:
                raise DataError(
                    f"no row to publish; left out: {dict(left_out) or 'none'}",
                    "See what was left out and why; where nothing was, no pairs were made (`aig status`).",
                )
            shards = map_in_order(
                pool, lambda s: _write_shard(stage.folder, *s), _shards(shuffle, settings), ahead=WORKERS
            )
            files: list[FileEntry] = []
            clips = ClipCount()
            for entries, keys in shards:
                files += entries
                clips.add(keys)
        if audio is not None and (index := _write_index(stage.folder, audio, clips)).rows:
            files.append(index)
        present = {task for _, task in counts}
        named = tuple(spec for spec in build.tasks if spec.name in present)
        manifest = Manifest(
            rows=counts.total(),
            files=tuple(sorted(files, key=lambda entry: entry.path)),
            counts=_nested(counts),
            clips=clips.counts(),
            left_out=dict(sorted((reason, rows) for reason, rows in left_out.items() if rows)),
            licences=dict(sorted(licences.items())),
            skills=_nested(skills),
            pair_separator=PAIR_SEPARATOR if any(spec.folder == COMPARISON for spec in named) else None,
            build=replace(build, tasks=named),
        )
        (stage.folder / "README.md").write_text(card(manifest), encoding="utf-8")
        (stage.folder / "croissant.json").write_bytes(croissant(manifest))
        stage.discard(runs)
        if manifest.file(AUDIO_INDEX) is None and (stage.folder / AUDIO_INDEX).exists():
            stage.discard((stage.folder / AUDIO_INDEX).parent)
        stage.commit(manifest.to_bytes())
    return manifest


def _lists(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    """Batches in lists of `CHECK_ROWS` rows or a little more: what is done to columns costs the same for few rows."""
    some: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        batch = completed(batch, QA)
        if not batch.schema.equals(QA):
            raise DataError(
                f"a batch to publish has the columns {batch.schema.names}, not those of a QA pair, or other types",
                "Hand over batches with the schema aig.core.tables.QA.",
            )
        some.append(batch)
        rows += batch.num_rows
        if rows >= CHECK_ROWS:
            yield some
            some, rows = [], 0
    if some:
        yield some


def _check(batches: list[pa.RecordBatch], build: Build) -> tuple[pa.RecordBatch, list[Quarantined]]:
    """The rows of some batches that may be published, and those that may not."""
    batch = pa.concat_batches(batches)
    columns = [
        column.dictionary_encode() if name in _REPEATING else column
        for name, column in zip(batch.schema.names, batch.columns, strict=True)
    ]
    model = batch.schema.get_field_index("model")
    columns[model] = _without_folders(columns[model])
    batch = pa.RecordBatch.from_arrays(columns, schema=_COMPACT)
    refused: dict[int, tuple[str, str]] = {}
    tasks = build.task_specs
    of_task = [
        tasks[name].source if name in tasks else "either" for name in batch.column("task").dictionary.to_pylist()
    ]
    sources = pa.array(of_task, pa.string()).take(batch.column("task").indices)
    broken_by = chain(
        broken_rows(batch, build.sources, tasks),
        broken_lineage(batch, sources),
        other_answers(batch.column("output"), right_answers(batch)),
        _of_other_rows(batch),
    )
    for broken in chain(_of_no_split(batch.column("split")), broken_by):
        for row in broken.rows.tolist():
            refused.setdefault(row, (broken.code, broken.say(row)))
    if not refused:
        return batch, []
    rows = batch.take(pa.array(refused, pa.int64())).select(["dataset", "audio_id", "qa_id"]).to_pylist()
    quarantined = [
        Quarantined(
            dataset=row["dataset"] or "",
            audio_id=row["audio_id"] or "",
            stage="publish",
            error=code,
            message=f"pair {row['qa_id']}: {message}",
            advice="The pair is not published. Correct what it was made of and generate it again.",
        )
        for row, (code, message) in zip(rows, refused.values(), strict=True)
    ]
    keep = np.ones(batch.num_rows, bool)
    keep[list(refused)] = False
    return batch.filter(pa.array(keep)), quarantined


def _of_other_rows(batch: pa.RecordBatch) -> Iterator[Broken]:
    other = np.flatnonzero(pc.not_equal(qa_ids(batch), batch.column("qa_id")).to_numpy(zero_copy_only=False))
    if len(other):
        yield Broken("qa_id", other, "the qa_id is not the one of the row (`aig.core.qa_id.make_pair` makes it)")


def _of_no_split(splits: pa.DictionaryArray) -> Iterator[Broken]:
    for value in splits.dictionary.to_pylist():
        if value not in SPLITS:
            rows = np.flatnonzero(pc.equal(splits, value).fill_null(False).to_numpy(zero_copy_only=False))
            if len(rows):
                yield Broken("split", rows, f"split {str(value)[:40]!r} is not one of {', '.join(SPLITS)}")


def _without_folders(models: pa.DictionaryArray) -> pa.DictionaryArray:
    """Names of models. Servers that run a file may report its path, which is nobody's business."""
    names = pc.replace_substring_regex(models.dictionary, r"^(?:/|~|[A-Za-z]:\\).*[/\\]([^/\\]+)[/\\]*$", r"\1")
    return pa.DictionaryArray.from_arrays(models.indices, names)


def _places(batch: pa.RecordBatch, known: Mapping[str, TaskSpec]) -> npt.NDArray[np.uint8]:
    """Index of each row's split and folder in `_PLACES`, shape `(rows,)`."""
    splits, tasks = batch.column("split"), batch.column("task")
    # The dictionaries still name splits and tasks of refused rows.
    of_split = [SPLITS.index(split) if split in SPLITS else 0 for split in splits.dictionary.to_pylist()]
    of_task = [FOLDERS.index(known[task].folder) if task in known else 0 for task in tasks.dictionary.to_pylist()]
    places: npt.NDArray[np.uint8] = np.array(of_split, np.uint8)[splits.indices.to_numpy()] * np.uint8(len(FOLDERS))
    places += np.array(of_task, np.uint8)[tasks.indices.to_numpy()]
    return places


def _counts(batch: pa.RecordBatch) -> dict[tuple[str, str], int]:
    grouped = pa.table([batch.column("dataset"), batch.column("task")], ["dataset", "task"])
    rows = grouped.group_by(["dataset", "task"]).aggregate([([], "count_all")]).to_pylist()
    return {(row["dataset"], row["task"]): row["count_all"] for row in rows}


def _licences(batch: pa.RecordBatch) -> dict[str, int]:
    counted = pc.value_counts(batch.column("licence").drop_null())
    return {row["values"]: row["counts"] for row in counted.to_pylist()}


def _skills(batch: pa.RecordBatch) -> dict[tuple[str, str], int]:
    named = batch.filter(pc.is_valid(batch.column("skill")))
    grouped = pa.table([named.column("skill"), named.column("difficulty")], ["skill", "difficulty"])
    rows = grouped.group_by(["skill", "difficulty"]).aggregate([([], "count_all")]).to_pylist()
    return {(row["skill"], row["difficulty"] or ""): row["count_all"] for row in rows}


def _nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (outer, inner), rows in sorted(counts.items()):
        nested.setdefault(outer, {})[inner] = rows
    return nested


def _shards(shuffle: Shuffle, settings: PublishSettings) -> Iterator[tuple[str, pa.Table]]:
    """Path and rows of every shard; those of one category differ by one row at most."""
    for place in _PLACES:
        split, folder = place.split("/")
        total = shuffle.rows(place)
        count = -(-total // settings.rows_per_shard)
        rest: list[pa.Table] = []
        have = index = 0
        for stretch in shuffle.stretches(place):
            rest.append(stretch)
            have += stretch.num_rows
            while index < count and have >= (size := total // count + (index < total % count)):
                table = pa.concat_tables(rest)
                yield shard_path(folder, index, count, split), table.slice(0, size)
                rest, have, index = [table.slice(size)], have - size, index + 1


def _write_shard(folder: Path, path: str, rows: pa.Table) -> tuple[tuple[FileEntry, FileEntry], dict[str, Keys]]:
    """Writes a data file and, bound to it by its hash, the lineage file beside it; which clips they are about."""
    read = rows.select(DATA.names).cast(DATA)
    data = _write_file(folder, path, read)
    schema = LINEAGE.with_metadata({**LINEAGE.metadata, DATA_SHA256_KEY: data.sha256.encode()})
    said = [field for field in schema if not field.nullable or rows.column(field.name).null_count < rows.num_rows]
    schema = pa.schema(said, schema.metadata)  # columns that say nothing of any row are left out
    lineage = _write_file(folder, lineage_path(path), rows.select(schema.names).cast(schema))
    return (data, lineage), clip_keys(read)


def _write_index(folder: Path, audio: Iterable[pa.RecordBatch], clips: ClipCount) -> FileEntry:
    """Writes the audio index of the clips that have rows."""

    def groups() -> Iterator[pa.Table]:
        rest = AUDIO.empty_table()
        for batch in audio:
            kept = pa.Table.from_batches([batch.filter(pa.array(clips.contains(batch.column("audio_id"))))])
            rest = pa.concat_tables([rest, kept.cast(AUDIO)])
            while rest.num_rows >= ROW_GROUP_ROWS:
                yield rest.slice(0, ROW_GROUP_ROWS)
                rest = rest.slice(ROW_GROUP_ROWS)
        yield rest

    return _write_groups(folder, AUDIO_INDEX, AUDIO, groups())


def _write_file(folder: Path, path: str, table: pa.Table) -> FileEntry:
    """Writes a table in row groups of nearly the same size."""
    size = -(-table.num_rows // -(-table.num_rows // ROW_GROUP_ROWS))
    return _write_groups(folder, path, table.schema, (table.slice(at, size) for at in range(0, table.num_rows, size)))


def _write_groups(folder: Path, path: str, schema: pa.Schema, groups: Iterable[pa.Table]) -> FileEntry:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = 0
    with file.open("w+b") as stream:
        with pq.ParquetWriter(
            stream,
            schema,
            compression="zstd",
            use_dictionary=[name for name in schema.names if name not in _PLAIN],
            write_page_index=True,
            write_page_checksum=True,
        ) as writer:
            for group in groups:
                writer.write_table(group, row_group_size=ROW_GROUP_ROWS)
                rows += group.num_rows
        stream.flush()
        os.fsync(stream.fileno())
        stream.seek(0)
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
        return FileEntry(path=path, rows=rows, bytes=os.fstat(stream.fileno()).st_size, sha256=sha256)
