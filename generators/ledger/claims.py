"""Who asks what: a ledger's requests are split into 16 slices by the first digit of their key, each claimed by one run.

So several machines share the work on one ledger without a coordinator, and a second run started by mistake stops before
it pays for anything twice. On a local disk a claim is a file lock, gone with its process; on an object store a small
object that is renewed while its run lives.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import fsspec

from aig.core.errors import DataError, UsageError
from aig.generators.chat import ChatRequest

__all__ = ["SLICES", "Claim", "share_of"]

SLICES = 16

RENEWED_EVERY_S = 20.0
STALE_AFTER_S = 120.0


def share_of(requests: Iterable[ChatRequest], share: tuple[int, int]) -> Iterator[ChatRequest]:
    """Those of the requests that worker `share[0]` of `share[1]` asks."""
    index, workers = share
    for request in requests:
        if workers == 1 or int(request.key[0], 16) % workers == index:
            yield request


class Claim:
    """The sole right to ask a share of a ledger's requests, while the context lasts."""

    def __init__(self, url: str, share: tuple[int, int] = (0, 1)) -> None:
        """Claims nothing yet.

        Args:
            url: the ledger's folder.
            share: which worker this is, and of how many (at most 16).

        Raises:
            UsageError: there is no such share.
        """
        index, workers = share
        if not 0 <= index < workers <= SLICES:
            raise UsageError(f"there is no worker {index} of {workers}", f"number 1 to {SLICES} workers from 0")
        self._slices = [number for number in range(SLICES) if number % workers == index]
        self._url = url
        self._fs, root = fsspec.core.url_to_fs(url)
        self._folder = root.rstrip("/") + "/claims"
        self._local = "file" in self._fs.protocol or "local" in self._fs.protocol
        self._held: list[tuple[str, IO[str] | None]] = []
        self._ended = threading.Event()
        self._renewal: threading.Thread | None = None

    def __enter__(self) -> Claim:
        try:
            for number in self._slices:
                path = f"{self._folder}/slice-{number:x}.json"
                if self._local:
                    self._held.append((path, self._lock(path)))
                else:
                    self._create(path)
                    self._held.append((path, None))
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
        return DataError(
            f"{who} is asking this ledger's requests already ({self._url})",
            "wait for it or stop it; to share the work between machines give each a share of its own",
        )


def _holder() -> str:
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "at": time.time()})
