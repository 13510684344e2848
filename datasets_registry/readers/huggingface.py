"""Own data as a folder that Hugging Face `datasets` reads: tables with audio, tars, or audio files with metadata.

`datasets` itself is not needed, and nothing is copied.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from aig.core.errors import UsageError
from aig.datasets_registry.readers.audio_tables import AudioTable, columns_of, folder_tables, split_of, table_rows
from aig.datasets_registry.readers.columns import Columns
from aig.datasets_registry.readers.webdataset import tar_rows
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["Row", "fields_of", "folder_rows", "table_file_rows", "tar_file_rows"]

Row = tuple[Path, int, Mapping[str, Any] | MalformedRowError]
"""The file that a row is of, its number there, and the row by the fields of a clip."""

_METADATA = ("metadata.csv", "metadata.jsonl", "metadata.parquet")


def folder_rows(
    folder: Path, root: Path, columns: Columns, manifest: Callable[[Path, Columns], Iterator[Row]]
) -> Iterator[Row]:
    """The rows of a folder in order, `split` among them where a file's name or folder says it.

    Args:
        folder: as `save_to_disk` wrote it, or of Parquet files, of tars, or of audio files with `metadata.csv`.
        root: what paths are relative to; the folder itself or one above it.
        columns: what its columns are called.
        manifest: reads the rows of a metadata file.

    Raises:
        UsageError: there is nothing of the kind, or its columns do not fit.
    """
    tables = folder_tables(folder)
    if tables and tables[0].file.name not in _METADATA:
        yield from _numbered(tables, root, columns)
    elif files := sorted(file for name in _METADATA for file in folder.rglob(name)):
        for file in files:
            yield from _metadata_rows(file, folder, root, columns, manifest)
    elif tars := sorted(folder.rglob("*.tar")):
        for tar in tars:
            yield from _of_split(tar_file_rows(tar, root, columns), split_of(_relative(tar, folder)))
    else:
        raise UsageError(
            f"{folder} holds no tables with audio, no tars and no metadata.csv.",
            "Give a folder as `save_to_disk` writes it, one of Parquet files or tars, or audio files with a "
            "metadata.csv whose column file_name says which.",
        )


def table_file_rows(file: Path, root: Path, columns: Columns) -> Iterator[Row]:
    """The rows of one Parquet or Arrow file with audio inside."""
    return _numbered([AudioTable(file, file.name, "")], root, columns)


def _numbered(tables: list[AudioTable], root: Path, columns: Columns) -> Iterator[Row]:
    """Rows of tables; one without an id is called by its number in its split, over all files."""
    counts: Counter[str] = Counter()
    fitted = [columns.fitted(table.file, columns_of(table)[0], has_path=True) for table in tables]
    for table, names in zip(tables, fitted, strict=True):
        for number, row in table_rows(table, root):
            prefix = f"{table.split}/" if table.split else ""
            own = f"{prefix}{counts[table.split]:08d}"
            counts[table.split] += 1
            yield table.file, number, fields_of(row, names, {"split": table.split, "audio_id": own})


def fields_of(
    row: Mapping[str, Any] | MalformedRowError, columns: Columns, defaults: Mapping[str, str]
) -> Mapping[str, Any] | MalformedRowError:
    """A table's row by the fields of a clip, those that it lacks from the defaults."""
    if isinstance(row, MalformedRowError):
        return row
    try:
        found = columns.row(row)
    except MalformedRowError as error:
        return error
    if "path" in row:
        found["path"] = row["path"]
    for name, value in defaults.items():
        if value and found.get(name) in (None, ""):
            found[name] = value
    return found


def tar_file_rows(file: Path, root: Path, columns: Columns) -> Iterator[Row]:
    """The samples of one tar."""
    place = _relative(file, root).as_posix()
    fitted: Columns | None = None
    for number, row in tar_rows(file, place):
        if fitted is None and not isinstance(row, MalformedRowError):
            fitted = columns.fitted(file, row)
        yield file, number, fields_of(row, fitted or columns, {})


def _relative(file: Path, root: Path) -> PurePosixPath:
    try:
        return PurePosixPath(file.absolute().relative_to(root.absolute()))
    except ValueError:
        raise UsageError(f"{file} is not below the root {root}.", "Set `root` to a folder above it.") from None


def _of_split(rows: Iterator[Row], split: str) -> Iterator[Row]:
    for file, number, row in rows:
        if split and not isinstance(row, MalformedRowError) and not row.get("split"):
            row = {**row, "split": split}
        yield file, number, row


def _metadata_rows(
    file: Path, folder: Path, root: Path, columns: Columns, manifest: Callable[[Path, Columns], Iterator[Row]]
) -> Iterator[Row]:
    """Rows of an `audiofolder`: `file_name` is relative to the folder of its metadata."""
    place = _relative(file.parent, root)
    usual = {"transcription": "text"}  # as in the example of `audiofolder`'s own page
    named = Columns({"file_name": "path", **columns.renamed}, columns.ignored, rest=columns.rest, usual=usual)
    for source, number, row in _of_split(manifest(file, named), split_of(_relative(file, folder))):
        if not isinstance(row, MalformedRowError) and isinstance(row.get("path"), str):
            row = {**row, "path": str(place / row["path"])}
        yield source, number, row
