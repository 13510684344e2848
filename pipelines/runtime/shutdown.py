"""Signals: a run that gets SIGTERM or Ctrl-C ends in time, gives its locks back and keeps what it has paid for."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from types import FrameType

from aig.pipelines.runtime.progress import Progress, listening

__all__ = ["INTERRUPTED", "handling_signals", "stopped_by_signal"]

INTERRUPTED = "Interrupted. The same command continues where this one stopped."

GRACE_S = 7.0
"""How long a run that got a signal may take to end by itself; schedulers wait ten seconds and more."""

_TWICE_S = 1.0
_NO_LEAKS = "ignore::UserWarning:multiprocessing.resource_tracker"


class _Ending:
    """A signal to end: which came, 0 while none has, and what is to be called rather than to raise."""

    def __init__(self) -> None:
        self.number = 0
        self.stop: Callable[[], object] | None = None

    def handle(self, number: int, _: FrameType | None) -> None:
        self.number = self.number or number
        sys.unraisablehook = lambda _: None  # what it interrupts may be a place that can only print it
        self.end()

    def end(self) -> None:
        if self.stop is not None:
            self.stop()
        elif self.number == signal.SIGINT:
            raise KeyboardInterrupt
        elif self.number:
            raise SystemExit(128 + self.number)

    def again(self, _: Progress) -> None:
        """Raises once more at the next step of the work: a library that called us back may have lost the first."""
        if self.stop is None and threading.current_thread() is threading.main_thread():
            self.end()


_ending = _Ending()


@contextlib.contextmanager
def handling_signals() -> Iterator[None]:
    """Lets SIGTERM and Ctrl-C end the block as an exception, so that locks are given back and children end.

    An exception raised in a signal's handler is not enough: DuckDB and Arrow wrap or lose it, and a long query lets it
    wait. So the block's end after a signal is the signal's exit status, 143 or 130, whatever came of the exception; and
    a process still there after `GRACE_S`, or at a second signal, ends as by `kill -9`: the next run goes on from there.
    """
    global _ending
    _ending = ending = _Ending()
    # Killed workers leave semaphores to Python's tracker, which removes them and need not say so.
    if _NO_LEAKS not in (warnings := os.environ.get("PYTHONWARNINGS", "")):
        os.environ["PYTHONWARNINGS"] = f"{warnings},{_NO_LEAKS}".lstrip(",")
    pipe, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    handled = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, ending.handle) for number in handled]
    wakeup_before = signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    threading.Thread(target=_end_after_grace, args=(pipe, handled), name="end-after-grace", daemon=True).start()
    try:
        with listening(ending.again):
            yield
    finally:
        if ending.number:  # the handlers stay: until the process has ended the clock goes on
            raise SystemExit(128 + ending.number)
        signal.set_wakeup_fd(wakeup_before)
        for number, handler in zip(handled, before, strict=True):
            signal.signal(number, handler)
        os.write(wakeup, b"\0")


def _end_after_grace(pipe: int, handled: tuple[int, ...]) -> None:
    """Ends the process when it has been told to and does not; the pipe tells even while a library keeps Python busy."""
    number = 0
    first = 0.0
    until: float | None = None
    while until is None or time.monotonic() < until:
        left = None if until is None else max(0.0, until - time.monotonic())
        if not select.select([pipe], [], [], left)[0]:
            continue
        told = os.read(pipe, 1)[0]
        if told == 0:
            return
        if told in handled:
            now = time.monotonic()
            if until is None:
                first, until, number = now, now + GRACE_S, told
            elif now - first > _TWICE_S:  # some senders reach a process twice, as its group and by itself
                break
    show_cursor = "\x1b[?25h" if sys.stderr.isatty() else ""
    os.write(2, f"{show_cursor}{INTERRUPTED}\n".encode())
    os._exit(128 + number)


@contextlib.contextmanager
def stopped_by_signal(stop: Callable[[], object]) -> Iterator[None]:
    """Inside the block a signal calls `stop`, from the main thread, instead of raising; the block's end raises then.

    For work that can end better than by an exception anywhere, such as an event loop with paid requests on the wire.
    """
    ending = _ending
    ending.stop = stop
    try:
        yield
    finally:
        ending.stop = None
        ending.end()
