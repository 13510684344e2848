"""Who asks: one run at a time, so that a second one started by mistake stops before it pays for anything twice.

On a local disk a claim is a file lock, gone with its process; on an object store a small object that is renewed while
its run lives.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import fsspec

from aig.core.errors import DataError

__all__ = ["Claim"]

RENEWED_EVERY_S = 20.0
STALE_AFTER_S = 120.0


class Claim:
    """The sole right to ask a ledger's requests, while the context lasts."""

    def __init__(self, url: str) -> None:
        """Claims nothing yet; `url` is the ledger's folder."""
        self._url = url
        self._fs, root = fsspec.core.url_to_fs(url)
        self._path = root.rstrip("/") + "/claims/claim.json"
        self._local = "file" in self._fs.protocol or "local" in self._fs.protocol
        self._held: list[tuple[str, IO[str] | None]] = []
        self._ended = threading.Event()
        self._renewal: threading.Thread | None = None

    def __enter__(self) -> Claim:
        try:
            if self._local:
                self._held.append((self._path, self._lock(self._path)))
            else:
                self._create(self._path)
                self._held.append((self._path, None))
        except BaseException:
            self.__exit__(None, None, None)
            raise
        if not self._local:
            self._renewal = threading.Thread(target=self._renew, daemon=True)
            self._renewal.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        if self._renewal is not None:
            self._renewal.join()
        for path, lock in self._held:
            if lock is not None:
                lock.close()
            else:
                self._fs.rm_file(path)
        self._held.clear()

    def _lock(self, path: str) -> IO[str]:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        lock = Path(path).open("a+")  # noqa: SIM115 - held until the claim ends
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            holder = lock.read()
            lock.close()
            raise self._taken(holder) from None
        lock.truncate(0)
        lock.write(_holder())
        lock.flush()
        return lock

    def _create(self, path: str) -> None:
        try:
            self._fs.pipe_file(path, _holder().encode(), mode="create")
        except FileExistsError:
            holder = self._fs.cat_file(path).decode()
            if time.time() - json.loads(holder)["at"] < STALE_AFTER_S:
                raise self._taken(holder) from None
            self._fs.pipe_file(path, _holder().encode())

    def _renew(self) -> None:
        while not self._ended.wait(RENEWED_EVERY_S):
            for path, _ in self._held:
                self._fs.pipe_file(path, _holder().encode())

    def _taken(self, holder: str) -> DataError:
        try:
            known: dict[str, Any] = json.loads(holder)
            who = f"process {known['pid']} on {known['host']}"
        except (ValueError, KeyError):
            who = "another process"
        return DataError(f"{who} is asking this ledger's requests already ({self._url})", "Wait for it or stop it.")


def _holder() -> str:
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "at": time.time()})
