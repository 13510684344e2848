"""The pulse of child processes, watched from outside: one that is stopped or frozen cannot end itself.

A child touches a file of its own twice a second (`aig.pipelines.runtime.watchdog.end_with_parent`). Here its parent
sees whether the file still changes. Only the time that the parent itself ran counts, so a machine that slept, or a run
that was paused as a whole, ends nobody.
"""

from __future__ import annotations

import contextlib
import logging
import multiprocessing
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from aig.core.temporary import temporary_folder

__all__ = ["Pulse", "ending_silent_children"]

log = logging.getLogger("aig")

_POLL_S = 0.5


class Pulse:
    """How long a file has not been touched."""

    def __init__(self, file: Path) -> None:
        """Nothing is known yet; silence counts from the first touch."""
        self._file = file
        self._seen = 0
        self._silent_s = 0.0
        self._looked = time.monotonic()

    def silent_s(self) -> float:
        """Seconds of silence; to be asked about twice a second."""
        now = time.monotonic()
        passed, self._looked = min(now - self._looked, 2 * _POLL_S), now
        try:
            seen = self._file.stat().st_mtime_ns
        except FileNotFoundError:
            seen = 0
        self._silent_s = 0.0 if seen != self._seen or not seen else self._silent_s + passed
        self._seen = seen
        return self._silent_s


@contextlib.contextmanager
def ending_silent_children(limit_s: float) -> Iterator[Path]:
    """Inside the block, child processes that go silent for so long are killed, so that whoever waits sees them dead.

    Args:
        limit_s: seconds of silence.

    Yields:
        The folder in which a child touches a file that is named after its process number.
    """
    ended = threading.Event()
    with temporary_folder("pulse") as folder:
        watch = threading.Thread(target=_watch, args=(Path(folder), limit_s, ended), name="pulse", daemon=True)
        watch.start()
        try:
            yield Path(folder)
        finally:
            ended.set()
            watch.join()


def _watch(folder: Path, limit_s: float, ended: threading.Event) -> None:
    pulses: dict[str, Pulse] = {}
    while not ended.wait(_POLL_S):
        for file in folder.glob("[0-9]*"):
            pulse = pulses.setdefault(file.name, Pulse(file))
            if pulse.silent_s() > limit_s:
                _end(int(file.name), limit_s)
                file.unlink(missing_ok=True)


def _end(process: int, limit_s: float) -> None:
    for child in multiprocessing.active_children():  # never another's process that got the number since
        if child.pid == process:
            log.warning(
                "Worker %d gave no sign of life for %.0f s: it is stopped or frozen. It is ended, and its work is "
                "tried again.",
                process,
                limit_s,
            )
            child.kill()
