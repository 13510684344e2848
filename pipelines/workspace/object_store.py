"""An object store as DuckDB sees it: what a listing said of a file is not asked at each of the looks of a query."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from fsspec import AbstractFileSystem

__all__ = ["KnownFiles"]


class KnownFiles(AbstractFileSystem):  # type: ignore[misc]
    """Reads a store's files and knows what they are from listings; of others it asks once."""

    cachable = False

    def __init__(self, store: AbstractFileSystem) -> None:
        """Nothing is asked yet."""
        super().__init__()
        self._store = store
        self.protocol = store.protocol
        self._strip_protocol = store._strip_protocol
        self._infos: dict[str, dict[str, Any]] = {}

    def learn(self, infos: Iterable[dict[str, Any]]) -> None:
        """Takes note of what a listing says of files."""
        self._infos.update((self._strip_protocol(info["name"]), info) for info in infos)

    def info(self, path: str, **_: Any) -> dict[str, Any]:
        """What the store says of a file."""
        path = self._strip_protocol(path)
        if path not in self._infos:
            self._infos[path] = self._store.info(path)
        return self._infos[path]

    def modified(self, path: str) -> datetime:
        """When a file was written."""
        written = self.info(path).get("LastModified")
        return written if isinstance(written, datetime) else self._store.modified(path)

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        """Bytes of a file; its stream, which `fsspec` makes, reads by this."""
        content: bytes = self._store.cat_file(path, start=start, end=end)
        return content
