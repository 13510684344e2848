"""Files on a local disk or an object store, by one address: a path or any fsspec URL."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

import fsspec
from fsspec.implementations.local import LocalFileSystem

from aig.core.errors import UsageError
from aig.core.extras import missing_extra
from aig.core.temporary import process_folder

__all__ = ["filesystem", "is_local", "open_file", "read_small", "remove_orphans", "whole_file", "write_bytes"]


_EXTRAS = {"s3": ("s3fs", "s3"), "hf": ("huggingface_hub", "huggingface")}
"""By scheme the package that speaks it, and the extra that brings it."""


_PARTIAL = re.compile(r"\.aig-[0-9a-f]{8}\.partial")
"""Names of files that are being written; short, since a target's name may be as long as the disk allows."""


def is_local(url: str) -> bool:
    """Whether an address is a place on this machine's disks: a path, or a `file://` URL."""
    scheme, mark, _ = url.partition("://")
    return not mark or scheme in ("file", "local")


def filesystem(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    """The file system of an address, and the place in it without a slash at the end.

    A local path is taken as it is: `::` and brackets in folder names have no meaning here, unlike in fsspec.

    Raises:
        UsageError: the package that speaks this store's protocol is not installed.
    """
    if is_local(url):
        return LocalFileSystem(), LocalFileSystem._strip_protocol(url)
    scheme = url.partition("://")[0]
    # The hub's client reads the variable once, when it is imported.
    options = {"endpoint": os.environ.get("HF_ENDPOINT") or None} if scheme == "hf" else {}
    try:
        fs, path = fsspec.core.url_to_fs(url, **options)
    except ImportError as error:
        if scheme in _EXTRAS:
            package, extra = _EXTRAS[scheme]
            raise missing_extra(f"{url} needs {package}, which is not installed", extra) from error
        raise UsageError(f"{url} cannot be opened: {error}", "Install the package that it names.") from error
    return fs, path.rstrip("/")


def open_file(url: str) -> BinaryIO:
    """A file opened for reading its bytes, with `seek`.

    Raises:
        FileNotFoundError: it does not exist.
    """
    fs, path = filesystem(url)
    stream: BinaryIO = fs.open(path, "rb")
    return stream


def write_bytes(url: str, content: bytes) -> None:
    """Writes a small file that appears whole or not at all, locally or on an object store."""
    with whole_file(url) as stream:
        stream.write(content)


def _in_folder(fs: fsspec.AbstractFileSystem, path: str, write: Callable[[], object]) -> None:
    """Writes to a path of a store, and makes its folder only where the store misses it: most have none, and ask."""
    try:
        write()
    except FileNotFoundError:
        fs.makedirs(fs._parent(path), exist_ok=True)
        write()


def read_small(fs: fsspec.AbstractFileSystem, path: str) -> bytes:
    """The content of a small file, in one request where it is not empty.

    Raises:
        FileNotFoundError: it does not exist.
    """
    try:
        content: bytes = fs.cat_file(path, start=0)  # without a start, s3fs asks for the size first
    except FileNotFoundError:
        raise
    except OSError:  # an empty file has no byte 0
        if fs.size(path):
            raise
        return b""
    return content


@contextlib.contextmanager
def whole_file(url: str | Path, *, durable: bool = True) -> Iterator[BinaryIO]:
    """A binary stream whose content is at `url` after the block, and nowhere if the block raises.

    A local file is written under a temporary name beside the target, synced, and renamed over it. For an object store
    it is written to the local temporary folder and uploaded when it is complete.

    Args:
        url: where the file goes; its folder is made.
        durable: whether a local file is synced, so that it is whole after a power cut too. For many small files that
            can be made again it takes longer than writing them.

    Raises:
        OSError: the place cannot be written to.
    """
    fs, path = filesystem(str(url))
    if not is_local(str(url)):
        with tempfile.NamedTemporaryFile(prefix="upload-", dir=process_folder()) as upload:
            yield cast(BinaryIO, upload)
            upload.flush()
            _in_folder(fs, path, lambda: fs.put_file(upload.name, path))
        return
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    stream = _partial(target.parent)
    partial = Path(stream.name)
    try:
        with stream:
            yield stream
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        partial.replace(target)
    except BaseException:
        partial.unlink(missing_ok=True)
        raise


def _partial(folder: Path) -> BinaryIO:
    """A new file, locked as long as it is open, by which one that is being written is told from an orphan."""
    while True:
        stream = (folder / f".aig-{uuid.uuid4().hex[:8]}.partial").open("xb")
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:  # taken for an orphan in the moment before
            stream.close()
            continue
        except OSError:  # a disk without locks, on which nothing is taken for an orphan either
            return stream
        if os.fstat(stream.fileno()).st_nlink:
            return stream
        stream.close()


def remove_orphans(folder: Path) -> None:
    """Removes what processes that were killed while they wrote `whole_file`s have left in a local folder."""
    for file in folder.glob(".aig-*.partial"):
        if not _PARTIAL.fullmatch(file.name):
            continue
        with contextlib.suppress(OSError), file.open("rb") as stream:  # it went, is being written, or cannot be locked
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.unlink(missing_ok=True)
