"""Anybody's own data: a manifest in JSON Lines, CSV or Parquet whose columns are the fields of a `Clip`.

Only `path` is needed, relative to the root; `audio_id` defaults to it. A list in a CSV cell is JSON, or for labels and
genres names separated by `;`. Empty cells and nulls are absent. `events` is a list of
`{"label", "onset_s", "offset_s"}`.

A Hugging Face `datasets` folder and a Lhotse manifest of cuts or recordings are read in its place.
"""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from aig.core.errors import UsageError
from aig.core.records import Clip, Quarantined
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.files import inside
from aig.datasets_registry.readers import huggingface, lhotse
from aig.datasets_registry.text import manifest_fields
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, json_lines, quarantined

__all__ = ["dataset", "read"]


def dataset(name: str, manifest: str | Path, *, title: str = "", licence: str = "") -> Dataset:
    """One's own data as a `Dataset`: the same type that describes the published ones.

    Its closed-ended tasks are all there are; a clip gets those whose fields it has.
    `read(Source(root))` takes the folder that the manifest's paths are relative to.

    Args:
        name: of the dataset, as in the configuration.
        manifest: the manifest's file.
        title: what the dataset is called in a dataset card; the name where empty.
        licence: of clips that name none.
    """
    return own(name, partial(_reader, Path(manifest), name, licence), title=title, licence=licence)


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


def _reader(manifest: Path, name: str, licence: str, source: Source) -> Iterator[Clip | Quarantined]:
    return read(manifest, source.root, name, licence=licence, splits=source.splits)


def read(
    manifest: str | Path, root: str | Path, dataset: str, *, licence: str = "", splits: tuple[str, ...] = ()
) -> Iterator[Clip | Quarantined]:
    """Streams the clips of a manifest in its order.

    Args:
        manifest: `.jsonl` (or `.ndjson`), `.csv`, `.tsv` or `.parquet`, the first four also with `.gz` behind; a
            Lhotse manifest; or a folder of Hugging Face `datasets`.
        root: folder that `path` is relative to; a path that leaves it is quarantined.
        dataset: name of the dataset, put before each `audio_id`.
        licence: of clips that name none.
        splits: only these are read; empty: all.

    Yields:
        A `Clip`, without `path` where the audio is not there, or a `Quarantined` with file, line and column.

    Raises:
        UsageError: the manifest cannot be read, has no column `path`, or has a column that is not a field of a clip
            (in JSON Lines: has it in its first line; in a later line it is quarantined).
    """
    file, folder = Path(manifest), Path(root)
    for number, row in _rows(file, folder):
        try:
            if isinstance(row, MalformedRowError):
                raise row
            clip = _clip(row, folder, dataset, licence)
        except MalformedRowError as error:
            yield quarantined(dataset, file, number, error)
        else:
            if not splits or clip.split in splits:
                yield clip


Rows = Iterator[tuple[int, Mapping[str, Any] | MalformedRowError]]


def _rows(file: Path, root: Path) -> Rows:
    """Line numbers and rows by column; the columns are checked before the first row is given."""
    if file.is_dir():
        return _checked(file, huggingface.rows(file, root))
    if not file.is_file():
        raise UsageError(
            f"there is no manifest {file}", "Check the path; a relative one starts at the configuration's folder."
        )
    kind = file.with_suffix("").suffix if file.suffix == ".gz" else file.suffix
    match kind.lower():
        case ".jsonl" | ".ndjson":
            first = next((row for _, row in json_lines(file) if not isinstance(row, MalformedRowError)), {})
            return lhotse.rows(file) if lhotse.is_lhotse(first) else _checked(file, json_lines(file))
        case ".csv" | ".tsv":
            return _csv_rows(file, "\t" if kind.lower() == ".tsv" else ",")
        case ".parquet":
            return _parquet_rows(file)
    raise UsageError(
        f"{file} has an unsupported manifest format: its suffix is {kind or 'missing'}",
        "Write JSON Lines (.jsonl), CSV (.csv, .tsv) or Parquet (.parquet).",
    )


def _checked(file: Path, rows: Rows) -> Rows:
    """Rows that each name their columns: an unknown one in the first is refused, in a later one malformed."""
    first = True
    for number, row in rows:
        if not isinstance(row, MalformedRowError):
            if first:
                _check_columns(file, row)
                first = False
            elif unknown := [name for name in row if name not in manifest_fields.NAMES]:
                yield number, MalformedRowError(_unknown(unknown[0]), column=unknown[0], code="unknown_column")
                continue
        yield number, row


def _csv_rows(file: Path, delimiter: str) -> Rows:
    rows = csv_rows(file, delimiter=delimiter, multiline=True)
    header: list[str] | None = None
    for number, row in rows:
        if isinstance(row, MalformedRowError):
            yield number, row
        elif header is None:
            header = [name.strip() for name in row]
            _check_columns(file, header)
        elif len(row) != len(header):
            yield (
                number,
                MalformedRowError(f"{len(row)} cells where the header has {len(header)}", column=str(len(row))),
            )
        else:
            yield number, {name: manifest_fields.cell(name, text) for name, text in zip(header, row, strict=True)}


def _parquet_rows(file: Path) -> Rows:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.ParquetFile(file)
    except (pa.ArrowInvalid, OSError) as error:
        raise UsageError(f"{file} is not a Parquet file: {error}", "Write it again.") from None
    _check_columns(file, table.schema_arrow.names)
    number = 0
    for batch in table.iter_batches(batch_size=8192):
        for row in batch.to_pylist():
            number += 1
            yield number, row


def _check_columns(file: Path, names: Iterable[str]) -> None:
    names = list(names)
    for name in names:
        if name not in manifest_fields.NAMES:
            raise UsageError(
                f"{file}: {_unknown(name)}", f"Known columns: {', '.join(manifest_fields.NAMES)}. Rename or remove it."
            )
    if "path" not in names:
        raise UsageError(f"{file} has no column path", "Give each clip the path of its audio file as `path`.")
    if len(set(names)) != len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise UsageError(f"{file} has the column {twice} twice", "Remove one of them.")


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, manifest_fields.NAMES, n=1)
    return f"unknown column {name!r}" + (f", did you mean {near[0]!r}?" if near else "")


def _clip(row: Mapping[str, Any], root: Path, dataset: str, licence: str) -> Clip:
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
    values["path"] = path if os.path.isfile(f"{root}/{path}") else None  # noqa: PTH113 - a stat without building a Path
    if licence:
        values.setdefault("licence", licence)
    return Clip(audio_id=audio_id, dataset=dataset, **values)
