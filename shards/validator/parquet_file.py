"""One Parquet file of a set: bytes as in the manifest, footer and columns as declared, row groups that can be read."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.columns import plain_text
from aig.shards.manifest import FileEntry
from aig.shards.schema import ROW_GROUP_ROWS, VERSION_KEY, declared_columns
from aig.shards.validator.findings import ValidationReport

__all__ = ["Opened", "batches", "open_file"]

_REPEATING = ("dataset", "task", "prompt", "prompt_sha256", "model", "finish_reason", "source", "split", "extractor")
"""Columns that are read as dictionaries where the file's encoding allows it."""
_GROUP_BYTES = 2 << 30
_UNREADABLE = (pa.ArrowException, OSError, ValueError)


class Opened:
    """A file whose columns are as declared.

    Attributes:
        entry: the manifest's.
        parquet: the file.
        schema: its declared columns.
        published: whether it holds the bytes that were published.
    """

    def __init__(self, entry: FileEntry, parquet: pq.ParquetFile, schema: pa.Schema, *, published: bool) -> None:
        self.entry = entry
        self.parquet = parquet
        self.schema = schema
        self.published = published

    def metadata(self, key: bytes) -> str:
        """A value of the file's metadata; empty where there is none."""
        value: bytes = (self.parquet.schema_arrow.metadata or {}).get(key, b"")
        return value.decode(errors="replace")


def open_file(
    entry: FileEntry,
    path: Path,
    schema: pa.Schema,
    version: str,
    others: Mapping[str, str],
    report: ValidationReport,
) -> Opened | None:
    """The file, where its columns are as declared; `None` where it cannot be checked further.

    Args:
        entry: the manifest's.
        path: where it lies on this machine.
        schema: its columns, see `aig.shards.schema`.
        version: the set's schema version.
        others: paths in the set by SHA-256, to name a file that lies under another's name.
        report: told what is wrong; one cause, such as a file that was written again, is one finding.
    """
    changed, swapped = _changed(entry, path, others)
    if changed is not None and swapped:
        report.error(*changed, entry.path)
        return None
    try:
        parquet = pq.ParquetFile(path, page_checksum_verification=True)
        footer = parquet.metadata
        groups = [footer.row_group(index) for index in range(footer.num_row_groups)]
        if changed is not None:
            _probe(parquet, groups)
        parquet = pq.ParquetFile(path, read_dictionary=_dictionaries(footer), page_checksum_verification=True)
        columns = parquet.schema_arrow
    except _UNREADABLE as error:
        code, message = changed or ("unreadable", "")
        joined = "; it is not" if message else "not"
        report.error(code, f"{message}{joined} a readable Parquet file: {first_line(error)}", entry.path)
        return None
    rewritten = changed is not None and _rewritten(columns, groups)
    if changed is not None:
        code, message = changed
        if rewritten:
            by = footer.created_by or "an unknown program"
            code, message = "rewritten", f"written again after publishing, by {by[:60]}: {message}"
        report.error(code, message, entry.path)
    if not _declared(columns, schema, version, entry, report, only_columns=rewritten):
        return None
    if footer.num_rows != entry.rows:
        report.error("rows", f"{footer.num_rows} rows, the manifest says {entry.rows}", entry.path)
    elif entry.rows == 0:
        report.error("rows", "a file without rows", entry.path)
    for index, group in enumerate(groups):
        too_large = group.num_rows > ROW_GROUP_ROWS and not rewritten
        if group.num_rows < 0 or too_large or not 0 <= group.total_byte_size <= _GROUP_BYTES:
            report.error(
                "row_group",
                f"row group {index} has {group.num_rows} rows and {group.total_byte_size} bytes; "
                f"at most {ROW_GROUP_ROWS} rows and {_GROUP_BYTES} bytes are read",
                entry.path,
            )
            return None
    return Opened(entry, parquet, declared_columns(columns.names, schema) or schema, published=changed is None)


def batches(file: Opened, report: ValidationReport) -> Iterator[tuple[int, pa.Table]]:
    """The row groups that can be read, with the index of their first row; their text is valid UTF-8."""
    start = 0
    for index in range(file.parquet.num_row_groups):
        rows = file.parquet.metadata.row_group(index).num_rows
        try:
            table = file.parquet.read_row_group(index, columns=file.schema.names, use_threads=False)
        except _UNREADABLE as error:
            if file.published:
                message = f"row group {index} cannot be read: {first_line(error)}"
                report.error("unreadable", message, file.entry.path)
        else:
            bad = [name for name in file.schema.names if not _is_utf8(table.column(name))]
            for name in bad:
                row, times = _first_not_utf8(table.column(name))
                report.error("utf8", f"{name} is not valid UTF-8", file.entry.path, start + row, times=times)
            if not bad:
                yield start, _in_our_types(table)
        start += rows


def first_line(error: Exception) -> str:
    """The first line of what a library says, shortened."""
    return (str(error).splitlines() or [type(error).__name__])[0][:200]


def _changed(entry: FileEntry, path: Path, others: Mapping[str, str]) -> tuple[tuple[str, str] | None, bool]:
    """Code and message where the file's bytes are not those of the manifest; whether they are another file's of it."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    if found == entry.sha256 and size == entry.bytes:
        return None, False
    other = others.get(found)
    swapped = other is not None and other != entry.path
    reason = f"; its content is that of {other}" if swapped else ""
    if size != entry.bytes:
        return ("size", f"{size} bytes, the manifest says {entry.bytes}{reason}"), swapped
    return ("sha256", f"sha256 is {found}, the manifest says {entry.sha256}{reason}"), swapped


def _probe(parquet: pq.ParquetFile, groups: list[pq.RowGroupMetaData]) -> None:
    """Reads a row of each group of a file that may be damaged.

    Where the footer holds a column's facts that contradict each other, Arrow refuses to read it, but ends the process
    when it is asked for these facts, as the functions below do.

    Raises:
        pa.ArrowException, OSError: it cannot be read.
    """
    for index, group in enumerate(groups):
        if not 0 <= group.total_byte_size <= _GROUP_BYTES:
            raise pa.ArrowInvalid(f"row group {index} has {group.total_byte_size} bytes")
        next(parquet.iter_batches(batch_size=1, row_groups=[index], use_threads=False), None)


def _rewritten(columns: pa.Schema, groups: list[pq.RowGroupMetaData]) -> bool:
    """Whether another program wrote a readable file: what ours writes names its version and has a page index."""
    indexed = all(group.column(0).has_column_index for group in groups if group.num_columns)
    return VERSION_KEY not in (columns.metadata or {}) or not indexed


def _dictionaries(footer: pq.FileMetaData) -> list[str]:
    """Columns that can be read as dictionaries: Arrow cannot where one is encoded by differences."""
    if not footer.num_row_groups:
        return []
    plain = set(_REPEATING)
    for index in range(footer.num_row_groups):
        group = footer.row_group(index)
        for number in range(group.num_columns):
            column = group.column(number)
            if any(encoding.startswith("DELTA") for encoding in column.encodings):
                plain.discard(column.path_in_schema)
    whole = {footer.schema.column(number).path for number in range(footer.num_columns)}  # not one within a struct
    return sorted(plain & whole)


def _declared(
    found: pa.Schema,
    wanted: pa.Schema,
    set_version: str,
    entry: FileEntry,
    report: ValidationReport,
    only_columns: bool,
) -> bool:
    """Whether the columns are those declared, in name, order, type and being required."""
    version = (found.metadata or {}).get(VERSION_KEY, b"none").decode(errors="replace")
    if version != set_version and not only_columns:
        report.error("schema_version", f"schema version {version[:20]}, the manifest says {set_version}", entry.path)
    columns = declared_columns(found.names, wanted)
    if columns is None:
        report.error("columns", f"columns are {found.names}, not {wanted.names}", entry.path)
        return False
    wrong = [
        f"{field.name} is {field.type}, not {want.type}"
        for field, want in zip(found, columns, strict=True)
        if not _fits(field.type, want.type)
    ]
    if wrong:
        report.error("column_type", f"column {'; '.join(wrong)}", entry.path)
        return False
    loose = [field.name for field, want in zip(found, columns, strict=True) if field.nullable and not want.nullable]
    if loose and not only_columns:
        report.error("nullable", f"columns that may hold nulls: {', '.join(loose)}", entry.path)
    return True


def _fits(found: pa.DataType, wanted: pa.DataType) -> bool:
    kind = found.value_type if pa.types.is_dictionary(found) else found
    if pa.types.is_string(wanted):
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
    return bool(kind == wanted)


def _in_our_types(table: pa.Table) -> pa.Table:
    """The table with its text as `string` (dictionaries of it in columns that repeat), however the file holds it."""
    for index, field in enumerate(table.schema):
        encoded = pa.types.is_dictionary(field.type)
        kept = encoded and field.name in _REPEATING and pa.types.is_string(field.type.value_type)
        if not kept and (encoded or pa.types.is_large_string(field.type) or pa.types.is_string_view(field.type)):
            table = table.set_column(index, field.with_type(pa.string()), plain_text(table.column(index)))
    return table


def _is_utf8(column: pa.ChunkedArray) -> bool:
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _first_not_utf8(column: pa.ChunkedArray) -> tuple[int, int]:
    """The first row that is not valid UTF-8 and how many there are."""
    kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
    values = column.cast(kind).cast(pa.binary()).to_pylist() if _fits(kind, pa.string()) else []
    bad = [row for row, value in enumerate(values) if value is not None and not _decodes(value)]
    return (bad[0], len(bad)) if bad else (0, 1)


def _decodes(value: bytes) -> bool:
    try:
        value.decode()
    except UnicodeDecodeError:
        return False
    return True
