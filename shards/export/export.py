"""A published set in other forms: LTU's JSON, JSON Lines. Rows stream; a file appears whole or not at all."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from aig.core import storage
from aig.core.errors import UsageError
from aig.shards.card import STAGES
from aig.shards.published import PublishedSet
from aig.shards.schema import DATA, LINEAGE

__all__ = ["FORMATS", "export", "rows_of", "whole_file"]

Rename = Callable[[list[str]], list[str | None]]


def export(
    url: str,
    out: Path,
    form: str,
    *,
    config: str = "default",
    lineage: bool = False,
    rename: Rename | None = None,
    progress: Callable[[int], None] | None = None,
) -> tuple[int, int]:
    """Writes the rows of a set as one file.

    Args:
        url: folder of the set: a local path or any fsspec URL.
        out: the file to write.
        form: `ltu-json`, the list of objects that the trainers of LTU and LTU-AS read, or `jsonl`, an object a line.
        config: which rows: `default`, `stage1`, `stage2`, `stage3`.
        lineage: whether the columns of lineage come along; only with `jsonl`, for LTU's collators refuse them.
        rename: from audio ids to what the trainer opens, such as paths; a row whose clip has none is left out.
        progress: told the rows of each piece written.

    Returns:
        Rows written and rows left out.

    Raises:
        UsageError: an unknown form or config, or lineage with `ltu-json`.
        DataError: the set has no manifest that can be trusted.
    """
    if form not in FORMATS:
        raise UsageError(f"unknown export {form!r}", f"Choose one of: {', '.join(FORMATS)}.")
    if lineage and form == "ltu-json":
        raise UsageError("ltu-json cannot carry lineage: the trainers refuse other columns", "Use --to jsonl.")
    written = left_out = 0
    with whole_file(out) as stream:
        write = FORMATS[form](stream)
        for table in rows_of(url, config, LINEAGE.names if lineage else ()):
            rows = table.to_pylist()
            if rename:
                for row, name in zip(rows, rename([row["audio_id"] for row in rows]), strict=True):
                    row["audio_id"] = name
            kept = [row for row in rows if row["audio_id"] is not None]
            write(kept)
            written += len(kept)
            left_out += len(rows) - len(kept)
            if progress:
                progress(len(rows))
        write(None)
    return written, left_out


def rows_of(url: str, config: str = "default", lineage: Iterable[str] = ()) -> Iterator[pa.Table]:
    """The rows of a config, row group by row group, in the set's order.

    Raises:
        UsageError: the config does not exist, or nothing is at `url`.
        DataError: the set has no manifest that can be trusted.
    """
    if config not in STAGES:
        raise UsageError(f"unknown config {config!r}", f"Choose one of: {', '.join(STAGES)}.")
    published = PublishedSet(url)
    for entry in published.manifest().data_files:
        if entry.folder in STAGES[config]:
            yield from published.rows(entry, DATA.names, list(lineage))


def _ltu_json(stream: BinaryIO) -> Callable[[list[dict[str, Any]] | None], None]:
    first = True

    def write(rows: list[dict[str, Any]] | None) -> None:
        nonlocal first
        if rows is None:
            stream.write(b"[]\n" if first else b"\n]\n")
            return
        for row in rows:
            stream.write(b"[\n" if first else b",\n")
            stream.write(json.dumps(row, ensure_ascii=False).encode())
            first = False

    return write


def _jsonl(stream: BinaryIO) -> Callable[[list[dict[str, Any]] | None], None]:
    def write(rows: list[dict[str, Any]] | None) -> None:
        stream.writelines((json.dumps(row, ensure_ascii=False) + "\n").encode() for row in rows or ())

    return write


FORMATS: dict[str, Callable[[BinaryIO], Callable[[list[dict[str, Any]] | None], None]]] = {
    "ltu-json": _ltu_json,
    "jsonl": _jsonl,
}
"""What makes a writer of rows, which is called with `None` at the end."""


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that has its name only when the block has ended well.

    Raises:
        UsageError: the place cannot be written to.
    """
    with contextlib.ExitStack() as stack:
        try:
            stream = stack.enter_context(storage.whole_file(path))
        except OSError as error:
            raise UsageError(
                f"{path} cannot be written: {error.strerror}", "Name a file in your own folder."
            ) from error
        yield stream
