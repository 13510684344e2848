"""One run at a time on a workspace: the second is refused, and a lock never outlives its run."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from datasets_registry.errors import DataError

__all__ = ["only_run"]


@contextlib.contextmanager
def only_run(workspace: str) -> Iterator[None]:
    """Holds a workspace for the block.

    On a local disk by a lock of the operating system, which goes with the process however it ends. On an object store
    nothing is locked: there every part has a name that follows from its content, so two runs do the same work twice
    but cannot spoil each other's.

    Raises:
        DataError: another run holds it; the message names its process.
    """
    if "://" in workspace:
        yield
        return
    Path(workspace).mkdir(parents=True, exist_ok=True)
    with (Path(workspace) / ".lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise DataError(
                f"the workspace {workspace} is in use by another run (process {file.read().strip() or 'unknown'})",
                "wait until it ends, stop it, or give this run another workspace",
            ) from None
        file.seek(0)
        file.truncate()
        file.write(str(os.getpid()))
        file.flush()
        yield
