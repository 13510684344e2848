"""Watchdogs: children end with their parent, and a worker that gets nowhere ends so that its batch can be tried again.

A `kill -9` of the parent leaves no orphan behind, and a batch that hangs does not hang the run. What cannot end itself,
because it is stopped, is ended from outside: see `aig.pipelines.runtime.pulse`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["end_when_stuck", "end_with_parent"]

_POLL_S = 0.5
_watching: set[int] = set()
"""The process that watches already: one that was forked has none of the threads of the process it was forked from."""


def end_with_parent(parent: int | None, pulse: Path | None = None) -> None:
    """Ends this process within half a second of its parent's death; call it first thing in a child.

    A second call does nothing.

    Args:
        parent: its process number, told by itself: it may have died while this process was still importing. `None`:
            the process that has this one from `multiprocessing`, though another may have forked it.
        pulse: a file to touch meanwhile, by which the parent sees that this process runs.
    """
    if os.getpid() in _watching:
        return
    _watching.add(os.getpid())
    started_by = multiprocessing.parent_process()

    def lives() -> bool:
        return os.getppid() == parent if parent is not None else started_by is not None and started_by.is_alive()

    def watch() -> None:
        while lives():
            if pulse is not None:
                with contextlib.suppress(OSError):  # a full disk, or the parent is just cleaning up
                    pulse.touch()
            time.sleep(_POLL_S)
        os._exit(1)

    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


@contextlib.contextmanager
def end_when_stuck(limit_s: float) -> Iterator[Callable[[], None]]:
    """Ends this process when the function it gives is not called for so long: whoever waits sees a dead worker.

    The clock is `faulthandler`'s, which needs neither a signal nor the interpreter's lock, so that a decoder hanging
    in C code is ended too. It leaves the place where it hung on standard error.
    """

    def alive() -> None:
        faulthandler.dump_traceback_later(limit_s, exit=True, file=sys.__stderr__ or sys.stderr)

    alive()
    try:
        yield alive
    finally:
        faulthandler.cancel_dump_traceback_later()
