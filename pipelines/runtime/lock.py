"""One run at a time on a workspace: the second is refused, and a lock never outlives its run for long."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import fsspec

from aig.core.errors import DataError

__all__ = ["holder_of", "only_run"]

RENEWED_EVERY_S = 15.0
STALE_AFTER_S = 50.0

_held: set[str] = set()
"""Workspaces that this process holds: a flow inside a command that holds one already enters freely."""


@contextlib.contextmanager
def only_run(workspace: str) -> Iterator[None]:
    """Holds a workspace for the block; inside a block that holds it already, nothing happens.

    On a local disk by a lock of the operating system, which goes with the process however it ends. On an object store
    by a small object that is renewed while the run lives, so that the run after a killed one waits for its renewal to
    fail to come (50 s). What counts is that the object changes, not what time it names: clocks may differ.

    Raises:
        DataError: another run holds it; the message names its process.
    """
    if workspace in _held:
        yield
        return
    with _lease(workspace) if "://" in workspace else _file_lock(workspace):
        _held.add(workspace)
        try:
            yield
        finally:
            _held.discard(workspace)


def holder_of(workspace: str) -> str | None:
    """Who runs on a workspace now, `None` where nobody does; of an object store's lock the last word that it gave."""
    if "://" in workspace:
        fs, path = fsspec.core.url_to_fs(_lock_of(workspace))
        fs.invalidate_cache()
        return _who(fs.cat_file(path).decode()) if fs.exists(path) else None
    file = Path(_lock_of(workspace))
    if not file.exists():
        return None
    with file.open("r") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _who(stream.read())
    return None


def _lock_of(workspace: str) -> str:
    return f"{workspace.rstrip('/')}/.lock"


@contextlib.contextmanager
def _file_lock(workspace: str) -> Iterator[None]:
    Path(workspace).mkdir(parents=True, exist_ok=True)
    with Path(_lock_of(workspace)).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise _in_use(workspace, _who(file.read())) from None
        file.seek(0)
        file.truncate()
        file.write(_content(""))
        file.flush()
        yield


@dataclass
class _Lease:
    """A lock object that is ours as long as it holds our token."""

    workspace: str
    fs: Any
    path: str
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    ended: threading.Event = field(default_factory=threading.Event)

    def read(self) -> str | None:
        self.fs.invalidate_cache()
        try:
            return str(self.fs.cat_file(self.path).decode())
        except FileNotFoundError:
            return None

    def take(self) -> None:
        """Creates the object, or takes it over from a run that no longer renews it."""
        while not self._create():
            seen = self.read()
            last_change = time.monotonic()
            while seen is not None:
                time.sleep(min(1.0, STALE_AFTER_S / 10))
                now = self.read()
                if now is not None and now != seen:
                    raise _in_use(self.workspace, _who(now))
                if now is None or time.monotonic() - last_change > STALE_AFTER_S:
                    break
            if seen is not None and self.read() == seen:
                self.fs.rm_file(self.path)

    def _create(self) -> bool:
        try:
            self.fs.pipe_file(self.path, _content(self.token).encode(), mode="create")
        except FileExistsError:
            return False
        return True

    def renew(self) -> None:
        while not self.ended.wait(RENEWED_EVERY_S):
            with contextlib.suppress(OSError):  # a renewal that fails is made up for by the next, or the lease is lost
                self.fs.pipe_file(self.path, _content(self.token).encode())


@contextlib.contextmanager
def _lease(workspace: str) -> Iterator[None]:
    fs, path = fsspec.core.url_to_fs(_lock_of(workspace))
    lease = _Lease(workspace, fs, path)
    lease.take()
    renewal = threading.Thread(target=lease.renew, name="renew-lock", daemon=True)
    renewal.start()
    try:
        yield
    finally:
        lease.ended.set()
        renewal.join()
        if lease.token in (lease.read() or ""):
            fs.rm_file(path)


def _content(token: str) -> str:
    return json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "token": token, "at": time.time()})


def _who(content: str) -> str:
    try:
        known = json.loads(content)
        return f"process {known['pid']} on {known['host']}"
    except (ValueError, KeyError, TypeError):
        return "a process that did not say which"


def _in_use(workspace: str, who: str) -> DataError:
    return DataError(
        f"the workspace {workspace} is in use by another run ({who})",
        "Wait until it ends, stop it, or give this run another workspace.",
    )
