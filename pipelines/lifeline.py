"""Child processes that end with their parent, however the parent ends: a `kill -9` leaves no orphan behind."""

from __future__ import annotations

import os
import threading
import time

__all__ = ["end_with_parent"]

_POLL_S = 0.5
_watching = threading.Lock()


def end_with_parent() -> None:
    """Ends this process within half a second of its parent's death; call it first thing in a child.

    A second call does nothing. The parent's process number is polled, which needs no pipe to hold open and works
    alike for pool workers and programs of our own on Linux and macOS.
    """
    if not _watching.acquire(blocking=False):
        return
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(_POLL_S)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()
