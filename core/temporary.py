"""Temporary folders that a killed process does not leave behind for ever.

A process that ends by itself removes its temporary files; a killed one cannot, and a run's may hold gigabytes (spilled
queries, a copy of a ledger). So those of a process lie in one folder that it holds a lock on, and the next process
removes the folders that nobody holds any more.
"""

from __future__ import annotations

import multiprocessing.util
import os
import shutil
import tempfile
import threading
from pathlib import Path

import filelock

__all__ = ["process_folder", "temporary_folder"]

_PREFIX = "aig-process-"
_LOCK = "lock"
_making = threading.Lock()
_Owner = tuple[int, int]
_held: dict[_Owner, tuple[Path, filelock.BaseFileLock]] = {}
"""By process and effective user. A forked process has its parent's entry too, which it may neither use nor let go of:
to release an inherited lock is to release the parent's. One that becomes another user may not write there."""


def temporary_folder(name: str) -> tempfile.TemporaryDirectory[str]:
    """A new folder in this process's own, removed at the end of a `with` block or with the object.

    Args:
        name: what it is for, for those who look at the disk.
    """
    return tempfile.TemporaryDirectory(prefix=f"{name}-", dir=process_folder(), ignore_cleanup_errors=True)


def process_folder() -> Path:
    """This process's own folder below the temporary one, which ends with it.

    The first call removes those of processes that were killed.
    """
    with _making:
        owner = (os.getpid(), os.geteuid())
        if owner not in _held:
            _remove_abandoned()
            multiprocessing.util.Finalize(None, _end, (owner,), exitpriority=-100)  # once the children are joined
        elif not _held[owner][0].exists():  # cleaned away by the system: this process has lived for days
            del _held[owner]
        if owner not in _held:
            _held[owner] = _made()
        return _held[owner][0]


def _made() -> tuple[Path, filelock.BaseFileLock]:
    """A folder and its lock. It gets its name once the lock is held, so that nobody takes it for an abandoned one."""
    new = Path(tempfile.mkdtemp(prefix=f".{_PREFIX}"))
    lock = filelock.FileLock(new / _LOCK, thread_local=False)
    lock.acquire()
    folder = new.with_name(new.name.removeprefix("."))
    new.rename(folder)
    return folder, lock


def _remove_abandoned() -> None:
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            if folder.lstat().st_uid != os.geteuid():
                continue
            with filelock.FileLock(folder / _LOCK, timeout=0):
                shutil.rmtree(folder, ignore_errors=True)
        except (filelock.Timeout, OSError):  # in use, or just removed by another process
            continue


def _end(owner: _Owner) -> None:
    folder, lock = _held.pop(owner)
    shutil.rmtree(folder, ignore_errors=True)
    lock.release()
