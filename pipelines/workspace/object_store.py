"""An object store as DuckDB sees it: each file is asked about once, not at each of the dozens of looks of a query."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from fsspec import AbstractFileSystem

__all__ = ["KnownFiles"]


class KnownFiles(AbstractFileSystem):  # type: ignore[misc]
    """Reads a store's files and remembers what they are, for the life of one connection.

    Parts never change under their name, and whoever rewrites another file opens a connection after that.
    """

    cachable = False

    def __init__(self, store: AbstractFileSystem) -> None:
        """Nothing is asked yet."""
        super().__init__()
        self._store = store
        self.protocol = store.protocol
        self._strip_protocol = store._strip_protocol
        self._infos: dict[str, dict[str, Any]] = {}
        self._times: dict[str, datetime] = {}

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """What the store says of a file."""
        path = self._strip_protocol(path)
        if path not in self._infos:
            self._infos[path] = self._store.info(path)
        return self._infos[path]

    def modified(self, path: str) -> datetime:
        """When a file was written."""
        path = self._strip_protocol(path)
        if path not in self._times:
            self._times[path] = self._store.modified(path)
        return self._times[path]

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        """Bytes of a file; its stream, which `fsspec` makes, reads by this."""
        content: bytes = self._store.cat_file(path, start=start, end=end)
        return content
