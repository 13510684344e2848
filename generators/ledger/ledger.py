"""The ledger: every reply of the model, raw, on disk before anything is done with it, found by its request's key.

Each writer appends to its own segments (`<writer>-<n>.jsonl`), never to another's and never to an earlier run's, so
a line torn by a kill stays the last of its file and is left alone. Readers merge all segments by key. On an object
store, where nothing can be appended to, every group of entries is an object.

What the segments hold is indexed by reading them once. `save_index` keeps that beside them, so that whoever opens the
ledger later reads only what came since, and from an object store only the replies it asks for.
"""

from __future__ import annotations

import errno
import os
import shutil
import time
import uuid
from collections import OrderedDict
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from aig.core.decimals import format_decimal
from aig.core.errors import DataError
from aig.core.storage import filesystem, is_local
from aig.core.temporary import temporary_folder
from aig.generators.chat import Reply
from aig.generators.ledger.entries import Entry, reply_of, to_line
from aig.generators.ledger.key_index import KeyIndex
from aig.generators.ledger.log_format import NO_KEY, Line, decode, encode, parse, scan
from aig.generators.ledger.saved_index import FILE as INDEX
from aig.generators.ledger.saved_index import Head, read_index, write_index

__all__ = ["Ledger"]

SEGMENT_BYTES = 256 << 20
"""A segment this long is followed by a new one."""

LEAST_FREE_BYTES = 64 << 20
"""With less room than this on the disk nothing more is asked: a reply that cannot be kept is paid for nothing."""

_OPEN_FILES = 32
_BLOCK_BYTES = 4 << 20
_WORTH_SAVING = 4 << 20
"""Bytes of segments that are read again sooner than an index of them is written."""
_MOST_SMALL_OBJECTS = 500


class Ledger:
    """Replies by request key, and what everything cost.

    Attributes:
        url: the folder.
        damaged: lines that were torn or damaged, as (segment's name, offset); their requests count as not asked.
        exposed: by writer, the most US dollars that were in flight when it was last heard of; 0 where it ended well.
    """

    def __init__(self, url: str, *, every_line: bool = False) -> None:
        """Opens the ledger in the folder `url` (a path or any fsspec URL), which need not exist yet, and indexes it.

        With `every_line` each line is read and its checksum compared, whatever a saved index says.
        """
        self.url = url
        self._fs, self._root = filesystem(url)
        self._local = is_local(url)
        self._copy = None if self._local else temporary_folder("ledger")
        self._folder = Path(self._root) if self._copy is None else Path(self._copy.name)
        at = time.time_ns()
        stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(at // 10**9))
        self.writer = f"{stamp}.{at % 10**9:09d}-{uuid.uuid4().hex[:8]}"
        self._segments_written = 0
        self._small: list[str] = []
        self._stream: BinaryIO | None = None
        self._readers: OrderedDict[int, BinaryIO] = OrderedDict()
        self._sizes: dict[str, int] = {}
        self._block: tuple[str, int, bytes] = ("", 0, b"")
        self._start(None if every_line else read_index(url))
        if self._indexed & self._replaced:  # what replaces a segment says again what was in it
            self._start(None)

    def _start(self, saved: tuple[Head, KeyIndex] | None) -> None:
        """Begins with what a saved index knows, if all its segments are there, and reads what came since."""
        segments = self._segments()
        if saved and any(self._sizes.get(name, -1) < size for name, size in saved[0].scanned.items()):
            saved = None
        head, self._index = saved or (Head({}, [], [], "0", "0", {}), KeyIndex())
        self._names = list(head.scanned)
        self._indexed = frozenset(head.scanned) - set(head.replaced)
        self._scanned = dict(head.scanned)
        self._replaced = set(head.replaced)
        self._paid, self._lost = Decimal(head.paid_usd), Decimal(head.lost_usd)
        self.exposed: dict[str, Decimal] = {writer: Decimal(amount) for writer, amount in head.exposed.items()}
        self.damaged: set[tuple[str, int]] = set(head.damaged)
        self._read_new(segments)

    def __contains__(self, key: str) -> bool:
        return key in self._index

    def __len__(self) -> int:
        return len(self._index)

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def commit_pause_s(self) -> float:
        """Seconds to gather replies before they are written: an object store is slower and charges per object."""
        return 0.0 if self._local else 0.25

    @property
    def paid_usd(self) -> Decimal:
        """What the replies cost together."""
        return self._paid

    @property
    def lost_usd(self) -> Decimal:
        """The most that requests without a reply can have cost: lost connections, and those in flight at a kill."""
        return self._lost + sum((amount for amount in self.exposed.values()), Decimal(0))

    @property
    def cost_usd(self) -> Decimal:
        """The most that has been spent."""
        return self._paid + self.lost_usd

    def refresh(self) -> None:
        """Indexes what other writers added since the last look."""
        self._read_new(self._segments())

    def _read_new(self, segments: list[str]) -> None:
        for name in segments:
            start = self._scanned.get(name, 0)
            if name in self._replaced or self._sizes[name] == start:
                continue
            if name not in self._scanned:
                self._names.append(name)
            number = self._names.index(name)
            for line in scan(self._local_path(name), start):
                if isinstance(line, Line):
                    self._enter(number, line)
                    start = line.offset + line.length + 1
                    self.damaged.discard((name, line.offset))  # it was being written at the last look
                else:
                    self.damaged.add((name, line))
            self._scanned[name] = start

    def save_index(self) -> None:
        """Keeps what is known of the segments beside them, where much was added since that was done last.

        To be called on a ledger that was opened after the last writer closed it: what it keeps are the segments as
        they lie there.
        """
        known = sum(self._scanned[name] for name in self._indexed)
        total = sum(self._scanned.values())
        if total - known < max(_WORTH_SAVING, known // 50):
            return
        head = Head(
            scanned={name: self._scanned[name] for name in self._names},
            replaced=sorted(self._replaced),
            damaged=sorted(self.damaged),
            paid_usd=format_decimal(self._paid),
            lost_usd=format_decimal(self._lost),
            exposed={writer: format_decimal(amount) for writer, amount in self.exposed.items()},
        )
        write_index(self.url, head, self._index)

    def _segments(self) -> list[str]:
        """Names of all segments, those that replace others first, then by age; their sizes are noted."""
        if self._local:
            self._sizes = {path.name: path.stat().st_size for path in self._folder.glob("*.jsonl")}
        elif self._fs.exists(self._root):
            self._fs.invalidate_cache()
            infos = {info["name"].rsplit("/", 1)[-1]: info["size"] for info in self._fs.ls(self._root, detail=True)}
            self._sizes |= {name: size for name, size in infos.items() if name.endswith(".jsonl")}
        by_age = sorted(self._sizes)
        joined = [name for name in by_age if "-all-" in name]
        # The newest first of those that replace others: it may replace the next.
        return [*reversed(joined), *(name for name in by_age if "-all-" not in name)]

    def _local_path(self, name: str) -> Path:
        """A segment as a local file; from an object store it is copied at the first look."""
        path = self._folder / name
        if not self._local and not path.exists():
            self._fs.get_file(f"{self._root}/{name}", str(path))
        return path

    def _enter(self, segment: int, line: Line) -> None:
        if line.kind == "reply":
            if self._index.add(line.key, (segment, line.offset, line.length)):
                self._paid += line.cost_usd
        elif line.kind == "charge":
            self._lost += line.cost_usd
        elif line.kind == "exposure":
            self.exposed[self._names[segment].rpartition("-")[0]] = line.cost_usd
        elif line.kind == "replaces":
            fields, _ = decode(self._read(segment, line.offset, line.length))
            self._replaced.update(fields["segments"])

    def get(self, key: str) -> Reply | None:
        """The reply to the request with this key, `None` where it was never answered.

        Raises:
            DataError: it was there when the ledger was indexed, and is not any more.
        """
        place = self._index.get(key)
        if place is None:
            return None
        line = self._read(*place)
        found = parse(line + b"\n", place[1])
        if found is None or found.key != key:
            segment = f"{self.url}/{self._names[place[0]]}"
            raise DataError(
                f"{segment}, byte {place[1]}: the reply to the request {key[:16]}… was damaged since it was indexed.",
                f"Restore the file from a back-up; or remove {self.url}/{INDEX}, and the next run asks for it again.",
            )
        return reply_of(*decode(line))

    @property
    def segments(self) -> list[str]:
        """Names of the segments in force."""
        return [name for name in self._names if name not in self._replaced]

    @property
    def files(self) -> list[str]:
        """Names of all segments that are there, those replaced and not removed yet included."""
        return self._segments()

    @property
    def size_bytes(self) -> int:
        """Of the segments in force, together."""
        self._segments()
        return sum(self._sizes[name] for name in self.segments)

    def lines_in_force(self) -> Iterator[tuple[bytes, str]]:
        """Every whole line with its kind; of two replies to one request only the one that counts."""
        for number, name in enumerate(self._names):
            if name in self._replaced:
                continue
            for line in scan(self._local_path(name)):
                if not isinstance(line, Line) or line.kind == "replaces":
                    continue
                if line.kind != "reply" or self._index.get(line.key) == (number, line.offset, line.length):
                    yield self._read(number, line.offset, line.length) + b"\n", line.kind

    def entries(self) -> Iterator[dict[str, Any]]:
        """The fields of every line in force."""
        for line, _ in self.lines_in_force():
            yield decode(line)[0]

    def _read(self, segment: int, offset: int, length: int) -> bytes:
        name = self._names[segment]
        if not self._local and not (self._folder / name).exists():
            return self._fetch(name, offset, length)
        reader = self._readers.get(segment)
        if reader is None:
            path = self._folder / name
            try:
                reader = self._readers[segment] = path.open("rb")
            except FileNotFoundError:
                raise self._gone(str(path)) from None
            if len(self._readers) > _OPEN_FILES:
                self._readers.popitem(last=False)[1].close()
        return os.pread(reader.fileno(), length, offset)

    def _fetch(self, name: str, offset: int, length: int) -> bytes:
        """A part of a segment on an object store. What is asked next most often lies beside it, so more is fetched."""
        held, start, content = self._block
        if held != name or not start <= offset <= offset + length <= start + len(content):
            start = max(0, offset - _BLOCK_BYTES // 4)
            end = max(offset + length, start + _BLOCK_BYTES)
            try:
                content = self._fs.cat_file(f"{self._root}/{name}", start=start, end=end)
            except FileNotFoundError:
                raise self._gone(f"{self.url}/{name}") from None
            self._block = name, start, content
        return content[offset - start : offset - start + length]

    def _gone(self, file: str) -> DataError:
        return DataError(f"the ledger was compacted while it was read: {file} is gone", "Run the same command again.")

    def append(self, *entries: Entry) -> None:
        """Adds replies and charges; they are durable when this returns.

        Raises:
            DataError: they cannot be written, such as on a full disk; none of them is in the ledger then.
        """
        lines = [to_line(entry) for entry in entries]
        data = b"".join(lines)
        try:
            number, offset = self._write(data) if self._local else self._upload(data)
        except OSError as error:
            if self._stream is not None:  # what follows half a group must not stand behind it
                self._stream.close()
                self._stream = None
            raise DataError(
                f"cannot write the ledger {self.url}: {error.strerror or error}",
                "Make room or repair access, then run the same command again: it continues with what is not answered.",
            ) from error
        for line in lines:
            parsed = parse(line, offset)
            assert parsed is not None
            self._enter(number, parsed)
            offset += len(line)
        self._scanned[self._names[number]] = offset

    def _write(self, data: bytes) -> tuple[int, int]:
        if self._stream is None or self._stream.tell() >= SEGMENT_BYTES:
            self.close()
            self._folder.mkdir(parents=True, exist_ok=True)
            self._stream = (self._folder / self._next_name()).open("xb", buffering=0)
            _sync_folder(self._folder)
        offset = self._stream.tell()
        written = self._stream.write(data)
        if written != len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        os.fsync(self._stream.fileno())
        return len(self._names) - 1, offset

    def _upload(self, data: bytes) -> tuple[int, int]:
        name = self._next_name()
        (self._folder / name).write_bytes(data)
        self._fs.makedirs(self._root, exist_ok=True)
        self._fs.pipe_file(f"{self._root}/{name}", data)
        self._small.append(name)
        number = len(self._names) - 1
        if len(self._small) >= _MOST_SMALL_OBJECTS:
            self._join_small()
        return number, 0

    def _join_small(self) -> None:
        """Puts the objects this writer has made into one, which names them, before they are removed."""
        name = f"{self.writer}-all-{self._segments_written:06d}.jsonl"
        head = encode("replaces", NO_KEY, "0", {"segments": self._small})
        content = head + b"".join((self._folder / small).read_bytes() for small in self._small)
        self._replaced.add(name)  # this process knows its content already
        self._fs.pipe_file(f"{self._root}/{name}", content)
        self._fs.rm([f"{self._root}/{small}" for small in self._small])
        self._small.clear()

    def _next_name(self) -> str:
        name = f"{self.writer}-{self._segments_written:06d}.jsonl"
        self._segments_written += 1
        self._names.append(name)
        return name

    def check_room(self) -> None:
        """Raises `DataError` where the disk is so full that the replies in flight might not be kept."""
        if self._folder.exists() and (free := shutil.disk_usage(self._folder).free) < LEAST_FREE_BYTES:
            raise DataError(
                f"only {free >> 20} MB are left on the disk of {self._folder}, so nothing more is asked",
                "Make room, then run the same command again: it continues with what is not answered.",
            )

    @property
    def scratch(self) -> Path:
        """A folder on the disk new segments can be made on."""
        self._folder.mkdir(parents=True, exist_ok=True)
        return self._folder

    def publish(self, path: Path) -> None:
        """Makes a finished file a segment, read before those it replaces. This ledger does not take it up."""
        name = f"{self.writer}-all-{self._segments_written:06d}.jsonl"
        self._segments_written += 1
        if self._local:
            path.rename(self._folder / name)
            _sync_folder(self._folder)
        else:
            self._fs.put_file(str(path), f"{self._root}/{name}")

    def remove(self, names: list[str]) -> None:
        """Removes segments that others replace."""
        self._fs.rm([f"{self._root}/{name}" for name in names])

    def close(self) -> None:
        """Closes the segment that is being written; the ledger can still be read, and written to again."""
        if len(self._small) > 1:
            self._join_small()
        if self._stream is not None:
            self._stream.close()
            self._stream = None


def _sync_folder(folder: Path) -> None:
    """Makes a new file's name durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
