"""Tables that hold audio themselves, read in place: Parquet and Arrow files as Hugging Face `datasets` writes them.

Nothing is copied and nothing but the other columns is read; a clip's path names its row, see `aig.core.members`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aig.core import members
from aig.core.errors import UsageError
from aig.datasets_registry.readers.layouts import AUDIO_STEM
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["AudioTable", "columns_of", "folder_tables", "pylist", "split_of", "table_rows"]

_BATCH = 1024
_SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "dev": "validation",
    "test": "test",
    "testing": "test",
    "eval": "test",
    "evaluation": "test",
}

Row = tuple[int, Mapping[str, Any] | MalformedRowError]


@dataclass(frozen=True, slots=True)
class AudioTable:
    """One file of a table with audio.

    Attributes:
        file: `.parquet` or `.arrow`.
        name: its path relative to the table's folder.
        split: by its folder or name, as `datasets` finds it; empty where neither says.
    """

    file: Path
    name: str
    split: str


def folder_tables(folder: Path) -> list[AudioTable]:
    """The files of a folder in order: as `save_to_disk` lists them, or all Parquet files below it.

    Raises:
        UsageError: its lists of files cannot be read, or name a file that is not there.
    """
    if (folder / "dataset_dict.json").is_file():
        splits = _json(folder / "dataset_dict.json").get("splits")
        if not isinstance(splits, list) or not all(isinstance(split, str) and "/" not in split for split in splits):
            raise UsageError(f"{folder / 'dataset_dict.json'} does not list its splits.", "Save the dataset again.")
        return [table for split in splits for table in _saved(folder / split, f"{split}/", split)]
    if (folder / "state.json").is_file():
        return _saved(folder, "", "")
    names = sorted(
        path.relative_to(folder)
        for path in folder.rglob("*.parquet")
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
    )
    return [AudioTable(folder / name, name.as_posix(), split_of(name)) for name in map(PurePosixPath, names)]


def _saved(folder: Path, prefix: str, split: str) -> list[AudioTable]:
    state = _json(folder / "state.json")
    if state.get("_indices_data_files"):
        raise UsageError(f"{folder} was saved with a list of chosen rows.", "Save it again with a newer `datasets`.")
    try:
        names = [str(item["filename"]) for item in state["_data_files"]]
    except (KeyError, TypeError):
        raise UsageError(f"{folder / 'state.json'} does not list its files.", "Save the dataset again.") from None
    for name in names:
        if "/" in name or not (folder / name).is_file():
            raise UsageError(f"{folder} lacks its file {name}.", "Copy the whole folder, or save the dataset again.")
    return [AudioTable(folder / name, prefix + name, split or str(state.get("_split") or "")) for name in names]


def _json(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{file} cannot be read: {error}", "Save the dataset again.") from None
    return content if isinstance(content, dict) else {}


def split_of(name: PurePosixPath) -> str:
    """The split that a file's name or folders say, the nearest first; words are told apart by `-`, `.`, `_`."""
    for part in (name.stem, *reversed(name.parts[:-1])):
        for word in re.split(r"[-._ ]", part.lower()):
            if word in _SPLITS:
                return _SPLITS[word]
    return ""


def _schema(file: Path) -> pa.Schema:
    return pq.read_schema(file) if file.suffix == ".parquet" else _arrow_batches(file)[0]


def columns_of(table: AudioTable) -> tuple[list[str], str]:
    """Names of a table's columns without the audio, and that of the audio.

    Raises:
        UsageError: it is damaged, or has not exactly one column of audio.
    """
    try:
        schema = _schema(table.file)
        names, audio = schema.names, members.audio_column(schema)
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{table.file} cannot be read: {error}", "Download or save it again.") from None
    if len(audio) != 1:
        raise UsageError(
            f"{table.file} has {len(audio)} columns of audio.",
            "It must have one, a struct with `bytes` and `path` as Hugging Face `datasets` writes it.",
        )
    return [name for name in names if name != audio[0]], audio[0]


def table_rows(table: AudioTable, root: Path) -> Iterator[Row]:
    """Row numbers from 0, and rows by column name, with `path` and `AUDIO_STEM` put in.

    Args:
        table: which.
        root: what paths are relative to.

    Yields:
        For a row that cannot be read, and for each of a damaged page, a `MalformedRowError`.
    """
    names, audio = columns_of(table)
    place = _place(table.file, root)
    if table.file.suffix == ".parquet":
        batches = _parquet_batches(table.file, names, audio)
    else:
        batches = _arrow_rows(table.file, names, audio)
    decoders = _decoders(table)
    number = 0
    for batch in batches:
        if isinstance(batch, tuple):
            rows, error = batch
            for _ in range(rows):
                yield number, error
                number += 1
            continue
        for row in pylist(batch):
            if isinstance(row, MalformedRowError):
                yield number, row
            else:
                yield number, _placed(row, decoders, place, number)
            number += 1


def _placed(
    row: dict[str, Any], decoders: Mapping[str, Callable[[Any], Any]], place: str, number: int
) -> Mapping[str, Any] | MalformedRowError:
    inside, named = row.pop(_INSIDE), row.pop(_NAMED)
    try:
        for name, decode in decoders.items():
            row[name] = decode(row[name])
    except (IndexError, TypeError) as error:
        return MalformedRowError(f"a class that the table does not name: {error}", column=name)
    if inside:
        row["path"] = f"{place}#{number:06d}"  # padded, so that sorted paths are rows in order
    elif named:
        row["path"] = named
    row[AUDIO_STEM] = PurePosixPath(named or "").stem
    return row


_INSIDE, _NAMED = "\0inside", "\0named"


def _place(file: Path, root: Path) -> str:
    try:
        return file.absolute().relative_to(root.absolute()).as_posix()
    except ValueError:
        raise UsageError(f"{file} is not below the root {root}.", "Set `root` to a folder above it.") from None


Batches = Iterator["pa.RecordBatch | tuple[int, MalformedRowError]"]


def _parquet_batches(file: Path, names: list[str], audio: str) -> Batches:
    """Batches of the other columns; of a row group that is damaged, how many rows are lost and why."""
    table = pq.ParquetFile(file, pre_buffer=False, page_checksum_verification=True)
    schema = table.schema_arrow
    has_path = schema.field(audio).type.get_field_index("path") >= 0
    for group in range(table.metadata.num_row_groups):
        rows, done = table.metadata.row_group(group).num_rows, 0
        try:
            inside = _all_inside(table, group, audio)
            # Only where some rows hold their audio and others name a file, the audio itself is read, few rows at once.
            size, wanted = (16, [audio]) if inside is None else (_BATCH, [f"{audio}.path"] if has_path else [])
            columns = [*names, *wanted]
            for batch in table.iter_batches(size, [group], columns=columns, use_threads=False):
                column = batch.column(audio) if wanted else None
                nothing = pa.nulls(batch.num_rows, pa.string())
                path = column.field("path") if column is not None and has_path else nothing
                if column is not None and inside is None:
                    held = column.field("bytes").is_valid()
                else:
                    held = pa.array([inside] * batch.num_rows)
                yield _with(batch, names, held, path)
                done += batch.num_rows
        except (pa.ArrowException, OSError) as error:
            yield rows - done, _damaged(error)


def _all_inside(table: pq.ParquetFile, group: int, audio: str) -> bool | None:
    """Whether all of a row group's audio lies in the table, or none of it, by its statistics; `None`: neither."""
    row_group = table.metadata.row_group(group)
    names = [table.schema.column(number).path for number in range(len(table.schema))]
    if not row_group.num_rows or f"{audio}.bytes" not in names:
        return None
    # Arrow ends the process where it is asked for statistics that do not fit the column; reading it says so instead.
    next(table.iter_batches(1, [group], columns=[f"{audio}.bytes"], use_threads=False), None)
    statistics = row_group.column(names.index(f"{audio}.bytes")).statistics
    if statistics is None or not statistics.has_null_count:
        return None
    return {0: True, row_group.num_rows: False}.get(statistics.null_count)


def _arrow_batches(file: Path) -> tuple[pa.Schema, Iterator[pa.RecordBatch]]:
    source = pa.memory_map(str(file))
    try:
        reader = pa.ipc.open_file(source)
    except pa.ArrowInvalid:
        source.seek(0)
        stream = pa.ipc.open_stream(source)
        return stream.schema, iter(stream)
    return reader.schema, (reader.get_batch(number) for number in range(reader.num_record_batches))


def _arrow_rows(file: Path, names: list[str], audio: str) -> Batches:
    schema, batches = _arrow_batches(file)
    has_path = schema.field(audio).type.get_field_index("path") >= 0
    try:
        for batch in batches:
            column = batch.column(audio)
            path = column.field("path") if has_path else pa.nulls(batch.num_rows, pa.string())
            yield _with(batch, names, column.field("bytes").is_valid(), path)
    except (pa.ArrowException, OSError) as error:
        yield 1, _damaged(error)


def _with(batch: pa.RecordBatch, names: list[str], inside: pa.Array, path: pa.Array) -> pa.RecordBatch:
    return pa.RecordBatch.from_arrays(
        [*(batch.column(name) for name in names), inside, path], [*names, _INSIDE, _NAMED]
    )


def _damaged(error: Exception) -> MalformedRowError:
    return MalformedRowError(
        f"it cannot be read: {error}", code="malformed_file", advice="Download or write the file again."
    )


def pylist(batch: pa.RecordBatch) -> Iterator[dict[str, Any] | MalformedRowError]:
    """The rows of a batch; one that holds text that is not UTF-8 as an error of its own."""
    try:
        yield from batch.to_pylist()
        return
    except UnicodeDecodeError:
        pass
    for number in range(batch.num_rows):
        try:
            yield batch.slice(number, 1).to_pylist()[0]
        except UnicodeDecodeError:
            yield MalformedRowError("not UTF-8 text")


def _decoders(table: AudioTable) -> dict[str, Callable[[Any], Any]]:
    """How columns of classes become their names, by the features that `datasets` writes into a file's schema.

    A table from which columns were taken may keep the features of those that it had.
    """
    schema = _schema(table.file)
    try:
        features = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))["info"]["features"].items()
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
    found = {name: _decoder(feature) for name, feature in features if name in schema.names}
    return {name: decode for name, decode in found.items() if decode is not None}


def _decoder(feature: Any) -> Callable[[Any], Any] | None:
    if isinstance(feature, list):
        inner = _decoder(feature[0]) if feature else None
    elif not isinstance(feature, dict):
        return None
    elif feature.get("_type") == "ClassLabel" and isinstance(feature.get("names"), list):
        names = feature["names"]
        # -1 is how `datasets` writes a class that is not known.
        return lambda given: None if given is None or given == -1 else names[_index(given)]
    else:
        inner = _decoder(feature.get("feature"))
    if inner is None:
        return None
    return lambda given: given if given is None else [inner(item) for item in given]


def _index(given: Any) -> int:
    if not isinstance(given, int) or given < 0:
        raise IndexError(given)
    return given
