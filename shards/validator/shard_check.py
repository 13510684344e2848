"""One shard checked to its last page: the bytes, the Parquet file, the columns, every row, its lineage."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aig.core.hashing import row_keys
from aig.shards.feature_names import name_keys
from aig.shards.manifest import FileEntry, Manifest
from aig.shards.rules import Broken, broken_lineage, broken_rows
from aig.shards.schema import DATA, DATA_SHA256_KEY, LINEAGE, ROW_GROUP_ROWS, VERSION_KEY
from aig.shards.tokens import CUTOFFS, tokens
from aig.shards.validator.findings import ValidationReport

__all__ = ["ShardResult", "check_shard"]

_REPEATING = ("dataset", "task", "prompt", "prompt_sha256", "model", "finish_reason", "source", "split", "extractor")
_GROUP_BYTES = 2 << 30
_UNREADABLE = (pa.ArrowException, OSError, ValueError)


@dataclass(slots=True)
class ShardResult:
    """What one shard's check gives to the check of the whole set.

    Attributes:
        report: what is wrong in the shard.
        keys: `aig.shards.writer.shuffle.row_keys` of its `qa_id`, shape `(rows,)`.
        names: `aig.shards.feature_names.name_keys` of its distinct audio ids.
        counts: rows by dataset and task.
        longer: rows that are longer than each of `aig.shards.tokens.CUTOFFS`.
    """

    report: ValidationReport
    keys: npt.NDArray[np.uint64]
    names: npt.NDArray[np.uint64]
    counts: dict[tuple[str, str], int]
    longer: Counter[int]


def check_shard(
    data: tuple[FileEntry, Path],
    lineage: tuple[FileEntry, Path] | None,
    manifest: Manifest,
    limit: int,
) -> ShardResult:
    """Checks a data file and the lineage beside it.

    Args:
        data: the manifest's entry and where the file lies on this machine.
        lineage: the same of the lineage file; `None` where there is none.
        manifest: of the set: its datasets, tasks and seed.
        limit: most findings kept of one code.
    """
    report = ValidationReport(shards=1, limit=limit)
    result = ShardResult(report, np.empty(0, np.uint64), np.empty((0, 2), np.uint64), {}, Counter())
    version = manifest.schema_version
    data_file = _open(data, DATA, version, report)
    lineage_file = _open(lineage, LINEAGE, version, report) if lineage else None
    if data_file is not None:
        entry, _ = data
        audio_ids: list[pa.Array] = []
        for start, batch in _batches(data_file, entry, DATA, report):
            report.rows += batch.num_rows
            _check_rows(entry, start, batch, manifest, report)
            audio_ids.append(pc.unique(batch.column("audio_id")))
            length = tokens(batch)
            result.longer.update({cutoff: int((length > cutoff).sum()) for cutoff in CUTOFFS})
            for key, rows in _counts(batch).items():
                result.counts[key] = result.counts.get(key, 0) + rows
        if audio_ids:
            result.names = name_keys(pc.unique(pa.chunked_array(audio_ids)).drop_null())
    if lineage is not None and lineage_file is not None:
        result.keys = _check_lineage(lineage, lineage_file, data[0], manifest, report)
    return result


def _open(
    file: tuple[FileEntry, Path], schema: pa.Schema, version: str, report: ValidationReport
) -> pq.ParquetFile | None:
    """The Parquet file, where its bytes, its footer and its columns are as declared."""
    entry, path = file
    size = path.stat().st_size
    if size != entry.bytes:
        report.error("size", f"{size} bytes, the manifest says {entry.bytes}", entry.path)
    else:
        with path.open("rb") as stream:
            found = hashlib.file_digest(stream, "sha256").hexdigest()
        if found != entry.sha256:
            report.error("sha256", f"sha256 is {found}, the manifest says {entry.sha256}", entry.path)
    try:
        names = [name for name in _REPEATING if name in schema.names]
        parquet = pq.ParquetFile(path, read_dictionary=names, page_checksum_verification=True)
        footer = parquet.metadata
        groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
    except _UNREADABLE as error:
        report.error("unreadable", f"not a readable Parquet file: {_first_line(error)}", entry.path)
        return None
    if not _declared(parquet.schema_arrow, schema, version, entry, report):
        return None
    if footer.num_rows != entry.rows:
        report.error("rows", f"{footer.num_rows} rows, the manifest says {entry.rows}", entry.path)
    for index, group in enumerate(groups):
        if not 0 <= group.num_rows <= ROW_GROUP_ROWS or not 0 <= group.total_byte_size <= _GROUP_BYTES:
            report.error(
                "row_group",
                f"row group {index} has {group.num_rows} rows and {group.total_byte_size} bytes; "
                f"at most {ROW_GROUP_ROWS} rows and {_GROUP_BYTES} bytes are read",
                entry.path,
            )
            return None
    return parquet


def _declared(
    found: pa.Schema, wanted: pa.Schema, set_version: str, entry: FileEntry, report: ValidationReport
) -> bool:
    """Whether the columns are those declared, in name, order, type and being required."""
    version = (found.metadata or {}).get(VERSION_KEY, b"none").decode(errors="replace")
    if version != set_version:
        report.error("schema_version", f"schema version {version}, the manifest says {set_version}", entry.path)
    if found.names != wanted.names:
        report.error("columns", f"columns are {found.names}, not {wanted.names}", entry.path)
        return False
    good = True
    for field, want in zip(found, wanted, strict=True):
        kind = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
        if kind != want.type:
            report.error("column_type", f"column {field.name} is {kind}, not {want.type}", entry.path)
            good = False
        elif field.nullable:
            report.error("nullable", f"column {field.name} may hold nulls", entry.path)
    return good


def _batches(
    file: pq.ParquetFile, entry: FileEntry, schema: pa.Schema, report: ValidationReport
) -> Iterator[tuple[int, pa.Table]]:
    """The row groups that can be read, with the index of their first row; their text is valid UTF-8."""
    start = 0
    for index in range(file.num_row_groups):
        rows = file.metadata.row_group(index).num_rows
        try:
            table = file.read_row_group(index, columns=schema.names, use_threads=False)
        except _UNREADABLE as error:
            report.error("unreadable", f"row group {index} cannot be read: {_first_line(error)}", entry.path)
        else:
            bad = [name for name in schema.names if not _is_utf8(table.column(name))]
            for name in bad:
                row, times = _first_not_utf8(table.column(name))
                report.error("utf8", f"{name} is not valid UTF-8", entry.path, start + row, times=times)
            if not bad:
                yield start, table
        start += rows


def _is_utf8(column: pa.ChunkedArray) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _first_not_utf8(column: pa.ChunkedArray) -> tuple[int, int]:
    """The first row that is not valid UTF-8 and how many there are."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    values = column.cast(kind).cast(pa.binary()).to_pylist() if kind == pa.string() else []
    bad = [row for row, value in enumerate(values) if value is not None and not _decodes(value)]
    return (bad[0], len(bad)) if bad else (0, 1)


def _decodes(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True


def _check_rows(entry: FileEntry, start: int, batch: pa.Table, manifest: Manifest, report: ValidationReport) -> None:
    for broken in broken_rows(batch, manifest.build.sources, manifest.tasks):
        _note(report, entry, start, broken)
    tasks = batch.column("task")
    here = [name for name, spec in manifest.tasks.items() if spec.folder == entry.folder]
    foreign = pc.invert(pc.is_in(tasks, pa.array([*here, None], pa.string())))
    rows = np.flatnonzero(foreign.to_numpy())
    if len(rows):
        wrong = f"a row whose task does not belong under data/{entry.folder}/"
        _note(report, entry, start, Broken("stage_mix", rows, lambda row: f"{wrong}: {tasks[row].as_py()}"))


def _note(report: ValidationReport, entry: FileEntry, start: int, broken: Broken) -> None:
    """Spells out the first findings of a rule and counts the others."""
    shown = broken.rows[: report.limit].tolist()
    for row in shown:
        report.error(broken.code, broken.say(row), entry.path, start + row)
    report.counts[broken.code] += len(broken.rows) - len(shown)


def _check_lineage(
    lineage: tuple[FileEntry, Path], file: pq.ParquetFile, data: FileEntry, manifest: Manifest, report: ValidationReport
) -> npt.NDArray[np.uint64]:
    entry, _ = lineage
    bound = (file.schema_arrow.metadata or {}).get(DATA_SHA256_KEY, b"").decode(errors="replace")
    if bound != data.sha256:
        report.error("lineage", f"the lineage of another data file (sha256 {bound or 'not given'})", entry.path)
    keys: list[npt.NDArray[np.uint64]] = []
    sources = {spec.source for spec in manifest.tasks.values() if spec.folder == entry.folder}
    source = pa.scalar(sources.pop() if len(sources) == 1 else "either")
    rows = 0
    for start, batch in _batches(file, entry, LINEAGE, report):
        rows += batch.num_rows
        for broken in broken_lineage(batch, source):
            _note(report, entry, start, broken)
        keys.append(row_keys(batch.column("qa_id").combine_chunks().fill_null(""), manifest.build.seed))
    if rows != data.rows:
        report.error("lineage", f"{rows} rows of lineage for {data.rows} rows of data", entry.path)
    return np.concatenate(keys) if keys else np.empty(0, np.uint64)


def _counts(batch: pa.Table) -> dict[tuple[str, str], int]:
    grouped = batch.select(["dataset", "task"]).group_by(["dataset", "task"]).aggregate([([], "count_all")])
    return {
        (row["dataset"], row["task"]): row["count_all"]
        for row in grouped.to_pylist()
        if row["dataset"] is not None and row["task"] is not None
    }


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:200]
