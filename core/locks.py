"""One holder at a time: a lock of the operating system on a local disk, a lease on an object store.

A lease is a folder of small objects, one for each process that holds or wants it, named by a random token. Nobody but
its owner writes or removes such an object while it lives, and its owner rewrites it at intervals. Who wants the
lease puts its object there and then looks at the folder: alone there, it holds the lease; beside another, it takes its
own away and waits for the other to change (then it is alive), to go, or to stay unchanged for `STALE_AFTER_S` (then it
is dead). Of two that come at once at least one sees the other, so never both hold it. What counts is that an object
changes, not what time it names: clocks may differ. The store must list what was written at once, as S3, Google Cloud
Storage and Azure do.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import filelock
import fsspec

from aig.core.errors import DataError
from aig.core.storage import filesystem, is_local

__all__ = ["Holding", "InUseError", "holder_of", "one_after_another", "only_holder"]

log = logging.getLogger(__name__)

RENEWED_EVERY_S = 10.0
STALE_AFTER_S = 50.0
_PATIENCE_S = 0.25
"""How long a local lock is waited for: somebody may only be looking who holds it."""


class InUseError(DataError):
    """Another process holds the lock."""


class Holding:
    """A lock while it is held; on a local disk it cannot be lost."""

    @property
    def lost(self) -> bool:
        """Whether another process may hold the lock by now, because this one did not renew it in time."""
        return False

    def check(self) -> None:
        """Raises `DataError` where the lock is lost."""
        if self.lost:
            raise DataError(
                "the lock was not renewed in time, so another run may hold it by now",
                "Run the same command again once the object store can be reached: it continues.",
            )


@contextlib.contextmanager
def only_holder(url: str, what: str, advice: str) -> Iterator[Holding]:
    """Holds the lock at `url` for the block, or is refused at once where another process holds it.

    However a process ends, its lock ends with it: on a local disk at once, on an object store after 50 s.

    Args:
        url: a file on a local disk, which keeps the holder's name, or the name of a lease on an object store.
        what: what is locked, for the message: `the workspace /data/w`.
        advice: what to do where it is in use.

    Raises:
        InUseError: another process holds it; the message names it.
        OSError: the place cannot be written to.
    """
    if is_local(url):
        _, path = filesystem(url)
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path, timeout=_PATIENCE_S, thread_local=False)
        try:
            lock.acquire()
        except filelock.Timeout:
            raise _in_use(what, Path(path).read_text("utf-8", "replace"), advice) from None
        try:
            Path(path).write_text(json.dumps(_identity()), "utf-8")
            yield Holding()
        finally:
            lock.release()
        return
    lease = _Lease(url)
    lease.take(what, advice)
    renewal = threading.Thread(target=lease.renew, name="renew-lease", daemon=True)
    renewal.start()
    try:
        yield lease
    finally:
        lease.ended.set()
        renewal.join()
        lease.withdraw()


@contextlib.contextmanager
def one_after_another(path: Path) -> Iterator[None]:
    """Holds the local lock file `path` for the block; a process that finds it held waits for its turn."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(path, thread_local=False):
        yield


def holder_of(url: str) -> str | None:
    """Who holds the lock at `url`, `None` where nobody does; of a lease, who held or wanted it last."""
    if not is_local(url):
        others = _Lease(url).others()
        return _who(next(iter(others.values()))) if others else None
    path = Path(filesystem(url)[1])
    if not path.is_file():
        return None
    try:
        with filelock.FileLock(path, timeout=0, thread_local=False):
            return None
    except filelock.Timeout:
        return _who(path.read_text("utf-8", "replace"))
    except PermissionError:  # somebody else's workspace, which can only be read
        return None


@dataclass(eq=False)
class _Lease(Holding):
    """This process's object in the folder of a lease."""

    url: str
    token: str = field(default_factory=lambda: uuid.uuid4().hex)
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._fs: fsspec.AbstractFileSystem
        self._fs, path = filesystem(self.url)
        self._folder = f"{path}.d"
        self._path = f"{self._folder}/{self.token}.json"
        self._renewed = 0
        self._renewed_at = _now()
        self._gone = False

    @property
    def lost(self) -> bool:
        return self._gone or _now() - self._renewed_at > STALE_AFTER_S

    def others(self) -> dict[str, str]:
        """What the objects of other processes say, by their paths."""
        found = {}
        for path in self._listed():
            with contextlib.suppress(FileNotFoundError):  # gone since
                found[path] = self._fs.cat_file(path).decode("utf-8", "replace")
        return {path: content for path, content in found.items() if not path.endswith(f"{self.token}.json")}

    def _listed(self) -> list[str]:
        self._fs.invalidate_cache()
        try:
            return sorted(path for path in self._fs.ls(self._folder, detail=False) if path.endswith(".json"))
        except FileNotFoundError:
            return []

    def take(self, what: str, advice: str) -> None:
        """Returns once this process holds the lease.

        Raises:
            DataError: another process holds it.
        """
        dead: dict[str, str] = {}
        while True:
            self._write()
            others = {path: content for path, content in self.others().items() if dead.get(path) != content}
            if not others:
                break
            self.withdraw()
            dead |= self._watch(others, what, advice)
            time.sleep(random.uniform(0, STALE_AFTER_S / 100))
        for path in dead:
            self._remove(path)

    def _watch(self, others: dict[str, str], what: str, advice: str) -> dict[str, str]:
        """Those of the others that stay as they are for so long that they are dead; returns when all are gone or dead.

        Raises:
            DataError: one of them changes: it is alive.
        """
        log.info("%s was in use by %s: looking whether it still is", what, _who(next(iter(others.values()))))
        since = _now()
        while _now() - since <= STALE_AFTER_S:
            time.sleep(min(1.0, STALE_AFTER_S / 50))
            now = self.others()
            for path, content in now.items():
                if others.get(path, content) != content:
                    raise _in_use(what, content, advice)
            others = {path: content for path, content in others.items() if path in now}
            if not others:
                break
        return others

    def _write(self) -> None:
        began = _now()
        if not self._renewed:
            self._fs.makedirs(self._folder, exist_ok=True)
        content = _identity() | {"token": self.token, "renewed": self._renewed}
        self._fs.pipe_file(self._path, json.dumps(content).encode())
        self._renewed += 1
        if not self.lost or self._renewed == 1:
            self._renewed_at = began

    def renew(self) -> None:
        """Rewrites the object at intervals until the lease is given back or found lost."""
        while not self.ended.wait(RENEWED_EVERY_S):
            try:
                if not any(path.endswith(f"{self.token}.json") for path in self._listed()):
                    self._gone = True  # taken for dead
                else:
                    self._write()
            except Exception as error:  # noqa: BLE001 - the next renewal makes up for it, or the lease is lost
                log.warning("the lease %s was not renewed: %s", self.url, error)
            if self.lost:
                log.error("the lease %s is lost: it was not renewed for too long", self.url)
                return

    def withdraw(self) -> None:
        """Takes this process's own object away."""
        self._remove(self._path)
        self._renewed = 0

    def _remove(self, path: str) -> None:
        try:
            self._fs.rm_file(path)
        except FileNotFoundError:
            pass
        except Exception as error:  # noqa: BLE001 - it is taken for dead in a while
            log.warning("%s was not removed: %s", path, error)


def _now() -> float:
    """Seconds that pass while the machine sleeps too, where the system has such a clock."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _identity() -> dict[str, str | int]:
    return {"pid": os.getpid(), "host": socket.gethostname()}


def _who(content: str) -> str:
    try:
        known = json.loads(content)
        return f"process {known['pid']} on {known['host']}"
    except (ValueError, KeyError, TypeError):
        return "a process that did not say which"


def _in_use(what: str, content: str, advice: str) -> InUseError:
    return InUseError(f"{what} is in use by another run ({_who(content)})", advice)
