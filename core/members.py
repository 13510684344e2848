"""Audio inside a table or a tar, read in place by a path that is used like that of a file.

`data/train-0.parquet#17` is row 17 (from 0) of that file's column of audio, `0001.tar#ab/c.flac` a member of that tar.

A row's number says little once a file was written again, so who keeps a path keeps the file's `stamp` with it, and
`real_file` serves nothing out of a file that has another one.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
import posixpath
import re
import tarfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.temporary import temporary_folder

__all__ = ["MemberError", "audio_column", "container_of", "real_file", "split", "stamp_of", "tar_members"]

_PATH = re.compile(r"(.*[^/]\.(?:parquet|arrow|tar))#(.+)", re.IGNORECASE | re.DOTALL)
_SAMPLES = 64
_SAMPLE = 4096
_MAGIC = {
    b"RIFF": ".wav",
    b"fLaC": ".flac",
    b"OggS": ".ogg",
    b"ID3": ".mp3",
    b"\xff\xfb": ".mp3",
    b"\xff\xf3": ".mp3",
    b"\x1aE\xdf\xa3": ".webm",
}


class MemberError(Exception):
    """Audio inside a file that cannot be had: a short stable code, what is wrong, and what to do about it."""

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(code, message, advice)
        self.code = code
        self.message = message
        self.advice = advice


def split(path: str) -> tuple[str, str] | None:
    """The file and the member that a path names; `None` where it names a file of its own."""
    found = _PATH.fullmatch(path)
    return (found[1], found[2]) if found else None


def container_of(path: str) -> str:
    """The file on the disk that a path leads to: itself, or what holds its member."""
    found = split(path) if "#" in path else None
    return found[0] if found else path


def stamp_of(file: Path) -> str:
    """What tells a container apart from another under its name: size, time of change, and samples of its bytes.

    Tables of the same rows in another order often have the same size, and copies the same time of change; at most
    256 kB are read, once for each state of the file.
    """
    status = file.stat()
    return _stamp(str(file), status.st_size, status.st_mtime_ns, status.st_ino)


@lru_cache(maxsize=4096)
def _stamp(file: str, size: int, changed_ns: int, _inode: int) -> str:
    sampled = hashlib.blake2b(digest_size=8)
    with Path(file).open("rb") as stream:
        step = max(_SAMPLE, (size - _SAMPLE) // (_SAMPLES - 1))
        for place in range(0, size, step):
            stream.seek(place)
            sampled.update(stream.read(_SAMPLE))
    return f"{size}-{changed_ns}-{sampled.hexdigest()}"


@contextmanager
def real_file(file: Path, stamp: str | None = None) -> Iterator[Path]:
    """A file that can be opened: `file` itself, or its member's bytes in a file that goes after the block.

    Args:
        file: a path as the module describes them.
        stamp: what `stamp_of` gave when the path was written down; `None`: whatever is there is served.

    Raises:
        MemberError: `missing_audio`, `changed_file`, or `unreadable_audio`.
    """
    found = split(str(file))
    if found is None:
        yield file
        return
    container, member = Path(found[0]), found[1]
    content = _content(container, member, stamp)
    with temporary_folder("member") as folder:
        name = posixpath.basename(member)
        suffix = (
            "" if posixpath.splitext(name)[1] else next((s for m, s in _MAGIC.items() if content.startswith(m)), "")
        )
        # The end of it, which has the suffix, within what a file's name may have in bytes.
        called = f"{container.name}#{name}{suffix}".encode()[-200:].decode(errors="ignore")
        copy = Path(folder) / called
        copy.write_bytes(content)
        yield copy


def _content(container: Path, member: str, stamp: str | None) -> bytes:
    name = f"{container.name}#{member}"
    try:
        now = stamp_of(container)
        if stamp is not None and now != stamp:
            raise MemberError(
                "changed_file", f"{name}: the file was changed since it was indexed", "Index the dataset again."
            )
        content = _opened(str(container), now).read(member)
    except (LookupError, ValueError) as error:
        raise MemberError("missing_audio", f"{name}: {error}", "Index the dataset again.") from None
    except FileNotFoundError:
        raise MemberError("missing_audio", f"{name}: there is no such file", "Put it there.") from None
    except (OSError, pa.ArrowException, tarfile.TarError) as error:
        raise MemberError("unreadable_audio", f"{name} cannot be read: {error}", "Get the file again.") from error
    if not content:
        raise MemberError("empty_audio", f"{name} has no bytes", "Leave the clip out, or get the file again.")
    return content


class _Container(Protocol):
    def read(self, member: str) -> bytes: ...


@lru_cache(maxsize=8)
def _opened(file: str, _stamp: str) -> _Container:
    if file.lower().endswith(".tar"):
        return _Tar(Path(file))
    return _Parquet(file) if file.lower().endswith(".parquet") else _Arrow(file)


def audio_column(schema: pa.Schema) -> list[str]:
    """Names of the columns that hold audio as bytes: structs with `bytes`, as Hugging Face writes them."""
    return [
        field.name for field in schema if pa.types.is_struct(field.type) and field.type.get_field_index("bytes") >= 0
    ]


def _only_column(schema: pa.Schema) -> str:
    names = audio_column(schema)
    if len(names) != 1:
        raise ValueError(f"it has {len(names)} columns of audio")
    return names[0]


def _row(member: str, rows: int) -> int:
    if not (member.isascii() and member.isdecimal()) or int(member) >= rows:
        raise IndexError(f"there is no row {member} among {rows:,}")
    return int(member)


def _bytes(audio: Any) -> bytes:
    return audio["bytes"].as_py() or b"" if audio.is_valid else b""


class _Parquet:
    """Rows of a Parquet file's audio. Rows asked for in order cost one pass over a row group, a few rows at a time."""

    def __init__(self, file: str) -> None:
        self._table = pq.ParquetFile(file, buffer_size=1 << 20, pre_buffer=False)
        metadata = self._table.metadata
        sizes = (metadata.row_group(number).num_rows for number in range(metadata.num_row_groups))
        self._starts = list(itertools.accumulate(sizes, initial=0))
        self._column = _only_column(self._table.schema_arrow)
        self._lock = threading.Lock()
        self._group = -1
        self._batches: Iterator[Any] = iter(())
        self._batch: Any = None
        self._first = 0

    def read(self, member: str) -> bytes:
        row = _row(member, self._starts[-1])
        group = bisect.bisect_right(self._starts, row) - 1
        with self._lock:
            if group != self._group or row < self._first:
                columns = [f"{self._column}.bytes"]
                self._batches = self._table.iter_batches(8, [group], columns=columns, use_threads=False)
                self._group, self._first, self._batch = group, self._starts[group], next(self._batches)
            try:
                while row >= self._first + self._batch.num_rows:
                    self._first += self._batch.num_rows
                    self._batch = next(self._batches)
            except BaseException:
                self._group = -1
                raise
            return _bytes(self._batch.column(0)[row - self._first])


class _Arrow:
    """Rows of an Arrow file or stream, as `datasets.save_to_disk` writes them; mapped, so nothing is read in vain."""

    def __init__(self, file: str) -> None:
        source = pa.memory_map(file)
        try:
            reader = pa.ipc.open_file(source)
            batches: Sequence[Any] = [reader.get_batch(number) for number in range(reader.num_record_batches)]
        except pa.ArrowInvalid:
            source.seek(0)
            batches = list(pa.ipc.open_stream(source))
        self._batches = batches
        self._starts = list(itertools.accumulate((batch.num_rows for batch in batches), initial=0))
        self._column = _only_column(batches[0].schema) if batches else ""

    def read(self, member: str) -> bytes:
        row = _row(member, self._starts[-1])
        number = bisect.bisect_right(self._starts, row) - 1
        return _bytes(self._batches[number].column(self._column)[row - self._starts[number]])


class _Tar:
    """Members of a tar by their name; of several of one name the first, which is the one a reader sees first."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._places: dict[str, tuple[int, int]] = {}
        for name, offset, size in tar_members(file):
            self._places.setdefault(name, (offset, size))

    def read(self, member: str) -> bytes:
        if member not in self._places:
            raise LookupError(f"there is no member {member!r}")
        offset, size = self._places[member]
        with self._file.open("rb") as stream:
            stream.seek(offset)
            content = stream.read(size)
        if len(content) < size:
            raise OSError(f"it ends after {len(content):,} of {size:,} bytes")
        return content


def tar_members(file: Path) -> Iterator[tuple[str, int, int]]:
    """Normal name, place and size in bytes of each plain file in an unpacked tar; its content is stepped over.

    Raises:
        tarfile.TarError: it is not a tar, or is packed, or damaged.
    """
    with tarfile.open(file, "r:") as content:
        for member in content:
            content.members = []  # type: ignore[attr-defined]  # what was seen need not be remembered
            if member.isreg() and not member.issparse():
                yield posixpath.normpath(member.name), member.offset_data, member.size
