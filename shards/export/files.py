"""The files that exports write: lists and lines of JSON that stream, and appear whole or not at all."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from aig.core import storage
from aig.core.errors import UsageError

__all__ = ["whole_file", "write_json_lines", "write_json_list"]


def write_json_lines(out: Path, records: Iterable[dict[str, Any]]) -> None:
    """Writes a file with a JSON object a line."""
    with whole_file(out) as stream:
        stream.writelines((json.dumps(record, ensure_ascii=False) + "\n").encode() for record in records)


def write_json_list(out: Path, records: Iterable[Any]) -> None:
    """Writes a file that holds one JSON list, an item a line."""
    with whole_file(out) as stream:
        first = True
        for record in records:
            stream.write(b"[\n" if first else b",\n")
            stream.write(json.dumps(record, ensure_ascii=False).encode())
            first = False
        stream.write(b"[]\n" if first else b"\n]\n")


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
