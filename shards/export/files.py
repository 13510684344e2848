"""The files and folders that exports write: what is in them streams, and they appear whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from aig.core import storage
from aig.core.errors import UsageError
from aig.core.locks import only_holder

__all__ = ["whole_file", "whole_folder", "write_json_lines", "write_json_list"]


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
            raise _unwritable(path, error) from error
        yield stream


@contextlib.contextmanager
def whole_folder(out: Path, read: str, is_own: Callable[[Path], bool]) -> Iterator[Path]:
    """A folder to write an export's files into, which take the place of an earlier export's when the block ends well.

    They are written beside `out`, so that a killed export leaves the one before it whole, and nothing that the next
    one does not remove.

    Args:
        out: the folder of the export.
        read: pattern of what in it the form's loader reads.
        is_own: whether a file is of an export of this form, and so may be replaced.

    Raises:
        UsageError: the loader would read files in `out` that are not an export's, or it cannot be written to.
        InUseError: another process is exporting to `out`.
    """
    out = out.resolve()
    # Beside the folder, for some loaders read all that is in it; within, where a rename cannot lead out of it.
    within = out.exists() and (out.is_mount() or not os.access(out.parent, os.W_OK))
    staged = (out if within else out.parent) / f".{out.name}.partial"
    lock = staged.with_name(f"{staged.name}.lock")
    earlier = sorted(file for file in out.glob(read) if file not in (staged, lock))
    if foreign := next((file for file in earlier if not is_own(file)), None):
        raise UsageError(
            f"{foreign} is not of an export of this form, and would be read with it",
            "Name another folder with --out, or remove it.",
        )
    with contextlib.ExitStack() as stack:
        advice = "Wait for that export to end, or name another folder."
        try:
            stack.enter_context(only_holder(str(lock), f"the folder {out}", advice))
            stack.callback(lock.unlink, missing_ok=True)
            shutil.rmtree(staged, ignore_errors=True)
            staged.mkdir()
            stack.callback(shutil.rmtree, staged, ignore_errors=True)
        except OSError as error:
            raise _unwritable(out, error) from error
        yield staged
        for file in earlier:  # before the first new one, so that never both are read
            file.unlink(missing_ok=True)
        for file in sorted(path for path in staged.rglob("*") if path.is_file()):
            target = out / file.relative_to(staged)
            target.parent.mkdir(parents=True, exist_ok=True)
            file.replace(target)


def _unwritable(path: Path, error: OSError) -> UsageError:
    return UsageError(f"{path} cannot be written: {error.strerror}", "Name a place in a folder of your own.")
