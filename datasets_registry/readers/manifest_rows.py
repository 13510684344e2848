"""The rows of a manifest, whatever its form: JSON Lines, CSV, Parquet, Lhotse's cuts, a tar, or a whole folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aig.core.errors import UsageError
from aig.core.members import audio_column
from aig.datasets_registry.readers import huggingface, lhotse
from aig.datasets_registry.readers.audio_tables import pylist
from aig.datasets_registry.readers.columns import Columns
from aig.datasets_registry.readers.huggingface import Row
from aig.datasets_registry.text import manifest_fields
from aig.datasets_registry.text.file_kind import describe, not_text
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, json_lines

__all__ = ["manifest_rows"]

Rows = Iterator[Row]

_TEXT = {".jsonl", ".ndjson", ".csv", ".tsv"}


def manifest_rows(file: Path, root: Path, columns: Columns) -> Rows:
    """The rows of a manifest by the fields of a clip, each with its file and number there.

    The columns are checked before the first row is given; in JSON Lines, those of the first line.

    Raises:
        UsageError: it is not there, is not a manifest, or its columns do not fit.
    """
    if file.is_dir():
        return huggingface.folder_rows(file, root, columns, lambda inner, own: manifest_rows(inner, root, own))
    if not file.is_file():
        raise UsageError(
            f"there is no manifest {file}", "Check the path; a relative one starts at the configuration's folder."
        )
    kind = (file.with_suffix("").suffix if file.suffix.lower() == ".gz" else file.suffix).lower()
    if kind == ".tar" and file.suffix != ".tar":
        raise UsageError(
            f"{file} is packed, so nothing in it can be read in place.", "Unpack it to a .tar: gunzip FILE."
        )
    if kind in _TEXT and (what := not_text(file)):
        raise UsageError(
            f"{file} is {what}, not UTF-8 text.",
            "Unpack it, or save it as UTF-8 (Excel: `CSV UTF-8 (comma delimited)`; else `iconv -f UTF-16 -t UTF-8 FILE "
            "> NEW`), or give it the suffix of what it is.",
        )
    match kind:
        case ".jsonl" | ".ndjson":
            return _json_rows(file, columns)
        case ".csv" | ".tsv":
            return _csv_rows(file, columns, "\t" if kind == ".tsv" else ",")
        case ".parquet":
            return _parquet_rows(file, root, columns)
        case ".arrow":
            return huggingface.table_file_rows(file, root, columns)
        case ".tar":
            return huggingface.tar_file_rows(file, root, columns)
    raise UsageError(
        f"{file} has an unsupported manifest format: its suffix is {kind or 'missing'}",
        "Write JSON Lines (.jsonl; from a JSON list: `jq -c '.[]' FILE > NEW`), CSV (.csv, .tsv) or Parquet "
        "(.parquet), or give a tar or a folder; of packed files gzip (.gz) is read.",
    )


def _json_rows(file: Path, columns: Columns) -> Rows:
    first = next((row for _, row in json_lines(file) if not isinstance(row, MalformedRowError)), None)
    if first is not None and lhotse.is_lhotse(first):
        for number, row in lhotse.rows(file):
            yield file, number, row
        return
    fitted = columns if first is None else columns.fitted(file, first)
    for number, row in json_lines(file):
        if isinstance(row, MalformedRowError):
            yield file, number, row
            continue
        try:
            yield file, number, fitted.row(row)
        except MalformedRowError as error:
            yield file, number, error


def _csv_rows(file: Path, columns: Columns, delimiter: str) -> Rows:
    header: list[str] | None = None
    for number, row in csv_rows(file, delimiter=delimiter, multiline=True):
        if header is None:
            header = _header(file, row, delimiter)
            columns = columns.fitted(file, header)
            continue
        if isinstance(row, MalformedRowError):
            yield file, number, row
        elif len(row) != len(header):
            message = f"{len(row)} cells where the header has {len(header)}"
            yield file, number, MalformedRowError(message, column=str(len(row)))
        else:
            fields = (columns.field(name) or "" for name in header)
            try:
                cells = {
                    name: manifest_fields.cell(field, text)
                    for name, field, text in zip(header, fields, row, strict=True)
                }
                yield file, number, columns.row(cells)
            except MalformedRowError as error:
                yield file, number, error
    if header is None:
        raise UsageError(f"{file} is empty.", "Its first line must name the columns, such as `path,text`.")


def _header(file: Path, row: list[str] | MalformedRowError, delimiter: str) -> list[str]:
    if isinstance(row, MalformedRowError):
        raise UsageError(
            f"{file}: the names of its columns cannot be read: {row.message}.",
            "Save it as UTF-8; from Windows-1252: `iconv -f WINDOWS-1252 -t UTF-8 FILE > NEW`.",
        )
    found = {";": "semicolons", "\t": "tabs", "|": "bars", ",": "commas"}
    other = next((sign for sign in found if sign != delimiter and sign in row[0]), None)
    if len(row) == 1 and other is not None:
        advice = "name it .tsv" if other == "\t" else "save it with commas (Excel: `CSV UTF-8`, or the list separator)"
        raise UsageError(
            f"{file} separates its columns by {found[other]}, not by {found[delimiter]}.",
            f"{advice[0].upper()}{advice[1:]}, or write JSON Lines.",
        )
    return [name.strip() for name in row]


def _parquet_rows(file: Path, root: Path, columns: Columns) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file, pre_buffer=False, page_checksum_verification=True)
        names = table.schema_arrow.names
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{file} is not a whole Parquet file: {str(error).rstrip('.')}; by its first bytes it is {describe(file)}.",
            "Download or write it again.",
        ) from None
    if audio_column(table.schema_arrow):
        yield from huggingface.table_file_rows(file, root, columns)
        return
    fitted = columns.fitted(file, names)
    number = 0
    for group in range(table.metadata.num_row_groups):
        end = number + table.metadata.row_group(group).num_rows
        try:
            for batch in table.iter_batches(batch_size=8192, row_groups=[group]):
                for row in pylist(batch):
                    number += 1
                    try:
                        yield file, number, row if isinstance(row, MalformedRowError) else fitted.row(row)
                    except MalformedRowError as error:
                        yield file, number, error
        except (pa.ArrowException, OSError) as error:
            for lost in range(number + 1, end + 1):
                yield (
                    file,
                    lost,
                    MalformedRowError(
                        f"it cannot be read: {error}", code="malformed_file", advice="Download or write the file again."
                    ),
                )
            number = end
