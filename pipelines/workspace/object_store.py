"""An object store as a run's queries see it: a small file is asked for once, and many of them at a time.

A build's tables lie in thousands of small parts, and stage after stage reads them: each part costs one request a run,
not one a query and none for what a listing has said already. Queries read them joined into few tables: opening a part
takes them milliseconds, however little is in it.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import shutil
import tempfile
import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from fsspec import AbstractFileSystem

__all__ = ["KnownFiles"]

_SMALL = 5 * 2**20
"""Bytes that a stream of fsspec's reads ahead anyway: a file of no more is fetched as a whole."""

_TOGETHER = 64
"""Files that are fetched at a time, at most."""

_TOGETHER_BYTES = 64 * 2**20

_JOINED = 2_000
_JOINED_BYTES = 32 * 2**20
"""Tables that are joined into one, and bytes of them, at most: so much is in memory at a time."""

_KEPT_BYTES = 4 * 2**30
_KEPT_SHARE = 0.5
"""Of the room in the temporary folder that the contents may take, at most."""


class _Contents:
    """Contents of small files in one temporary file that has no name and ends with this process."""

    def __init__(self) -> None:
        """Takes no room yet."""
        self._file = tempfile.TemporaryFile(prefix="aig-store-")  # noqa: SIM115 - as long as this
        self._room = min(_KEPT_BYTES, int(_KEPT_SHARE * shutil.disk_usage(tempfile.gettempdir()).free))
        self._places: dict[str, tuple[int, int]] = {}
        self._end = 0
        self._writing = threading.Lock()

    def __contains__(self, path: str) -> bool:
        return path in self._places

    def keep(self, path: str, content: bytes) -> None:
        """Keeps a file's content where there is room."""
        with self._writing:
            if self._end + len(content) <= self._room:
                self._file.seek(self._end)
                self._file.write(content)
                self._file.flush()
                self._places[path] = (self._end, len(content))
                self._end += len(content)

    def read(self, path: str, start: int, end: int | None) -> bytes | None:
        """Bytes of a kept file, `None` of one that is not."""
        if (place := self._places.get(path)) is None:
            return None
        first, size = place
        last = size if end is None else min(end, size)
        return os.pread(self._file.fileno(), max(0, last - start), first + start)

    def drop(self, path: str) -> None:
        """A file was written again; its former content goes with this object."""
        self._places.pop(path, None)


class KnownFiles(AbstractFileSystem):  # type: ignore[misc]
    """Reads a store's files, whose sizes and times it knows from listings; about others it asks.

    The contents of small listed files stay on this machine's disk until a listing says that they were written again;
    small tables lie there joined too, see `joined`.
    """

    cachable = False

    def __init__(self, store: AbstractFileSystem) -> None:
        """Nothing is asked yet."""
        super().__init__()
        self._store = store
        self.protocol = store.protocol
        self._strip_protocol = store._strip_protocol
        self._infos: dict[str, dict[str, Any]] = {}
        self._contents = _Contents()
        self._joined: dict[str, list[str]] = {}

    def learn(self, infos: Iterable[dict[str, Any]]) -> None:
        """Takes note of what a listing says of files."""
        for info in infos:
            path = self._strip_protocol(info["name"])
            if self._infos.get(path) != info:
                self._contents.drop(path)
                self._infos[path] = info

    def fetch(self, paths: Iterable[str]) -> None:
        """Brings those of some listed files that are small, many requests at a time."""
        for together in _batches(self._missing(paths), _TOGETHER, _TOGETHER_BYTES):
            names = [path for path, _ in together]
            found = self._store.cat_ranges(names, [0] * len(names), [size for _, size in together])
            for path, content in zip(names, found, strict=True):
                if isinstance(content, BaseException):
                    raise content
                self._contents.keep(path, content)

    def _missing(self, paths: Iterable[str]) -> Iterator[tuple[str, int]]:
        for path in map(self._strip_protocol, paths):
            size = self._infos[path]["size"] if path in self._infos else 0
            if 0 < size <= _SMALL and path not in self._contents:
                yield path, size

    def joined(self, paths: Iterable[str]) -> list[str]:
        """Addresses of tables with the rows of some listed ones: those that are small are joined, once a run."""
        paths = list(paths)
        self.fetch(paths)
        small = {path: key for path in paths if (key := self._strip_protocol(path)) in self._contents}
        found = [path for path in paths if path not in small]
        for group in _batches(
            ((path, self._infos[key]["size"]) for path, key in small.items()), _JOINED, _JOINED_BYTES
        ):
            together = [path for path, _ in group]
            state = hashlib.sha256(repr([self._infos[small[path]] for path in together]).encode()).hexdigest()
            if state not in self._joined:
                self._joined[state] = list(self._join(together, state))
            found += self._joined[state]
        return found

    def _join(self, paths: list[str], state: str) -> Iterator[str]:
        """A table for each schema of some kept tables, or these themselves where that is not possible."""
        with ThreadPoolExecutor(os.cpu_count()) as threads:
            tables = list(threads.map(self._table, paths))
        alike: dict[pa.Schema | None, list[int]] = defaultdict(list)
        for place, table in enumerate(tables):
            alike[None if table is None else table.schema.remove_metadata()].append(place)
        for number, (schema, places) in enumerate(alike.items()):
            url = posixpath.join(posixpath.dirname(paths[0]), f"joined-{state}-{number}.parquet")
            if schema is None or len(places) == 1 or not self._keep(url, pa.concat_tables(tables[i] for i in places)):
                yield from (paths[place] for place in places)
            else:
                yield url

    def _table(self, path: str) -> pa.Table | None:
        """A kept table, `None` of one that is damaged: whoever reads it is told."""
        try:
            return pq.ParquetFile(pa.BufferReader(self.cat_file(path))).read(use_threads=False)
        except (pa.ArrowException, OSError):
            return None

    def _keep(self, url: str, table: pa.Table) -> bool:
        """Keeps a table that no store has, if there is room."""
        sink = pa.BufferOutputStream()
        pq.write_table(table, sink, compression="zstd", compression_level=1)
        content, path = sink.getvalue().to_pybytes(), self._strip_protocol(url)
        self._contents.keep(path, content)
        self._infos[path] = {"name": path, "size": len(content), "type": "file", "LastModified": datetime.now(UTC)}
        return path in self._contents

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """What the store says of a file."""
        path = self._strip_protocol(path)
        return self._infos.get(path) or self._store.info(path)

    def modified(self, path: str) -> datetime:
        """When a file was written."""
        written = self.info(path).get("LastModified")
        return written if isinstance(written, datetime) else self._store.modified(path)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        """Bytes of a file; its stream, which `fsspec` makes, reads by this."""
        path = self._strip_protocol(path)
        self.fetch([path])
        content = self._contents.read(path, start or 0, end)
        return self._store.cat_file(path, start=start, end=end) if content is None else content


def _batches(files: Iterable[tuple[str, int]], most: int, most_bytes: int) -> Iterator[list[tuple[str, int]]]:
    """Files and their sizes in groups of at most `most` files and `most_bytes` bytes."""
    batch: list[tuple[str, int]] = []
    held = 0
    for file in files:
        if batch and (len(batch) == most or held + file[1] > most_bytes):
            yield batch
            batch, held = [], 0
        batch.append(file)
        held += file[1]
    if batch:
        yield batch
