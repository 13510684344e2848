"""Signals: a run that gets SIGTERM or Ctrl-C ends in time, gives its locks back and keeps what it has paid for."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, wait
from types import FrameType
from typing import Any, TypeVar

from aig.pipelines.runtime.progress import Progress, listening

__all__ = ["INTERRUPTED", "handling_signals", "run_to_its_end"]

Result = TypeVar("Result")

INTERRUPTED = "Interrupted. The same command continues where this one stopped."

GRACE_S = 7.0
"""How long a run that got a signal may take to end by itself; schedulers wait ten seconds and more."""

_TWICE_S = 1.0
_NO_LEAKS = "ignore::UserWarning:multiprocessing.resource_tracker"


class _Ending:
    """A signal to end: which came, 0 while none has."""

    def __init__(self) -> None:
        self.number = 0

    def handle(self, number: int, _: FrameType | None) -> None:
        self.number = self.number or number
        sys.unraisablehook = lambda _: None  # what it interrupts may be a place that can only print it
        self.end()

    def end(self) -> None:
        if self.number == signal.SIGINT:
            raise KeyboardInterrupt
        if self.number:
            raise SystemExit(128 + self.number)

    def again(self, _: Progress) -> None:
        """Raises once more at the next step of the work: a library that called us back may have lost the first."""
        if threading.current_thread() is threading.main_thread():
            self.end()


@contextlib.contextmanager
def handling_signals() -> Iterator[None]:
    """Lets SIGTERM and Ctrl-C end the block as an exception, so that locks are given back and children end.

    An exception raised in a signal's handler is not enough: DuckDB and Arrow wrap or lose it, and a long query lets it
    wait. So the block's end after a signal is the signal's exit status, 143 or 130, whatever came of the exception; and
    a process still there after `GRACE_S`, or at a second signal, ends as by `kill -9`: the next run goes on from there.
    """
    ending = _Ending()
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


def run_to_its_end(work: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
    """Runs an event loop whose work a signal cancels and awaits, whoever handles the signal.

    The loop has a thread of its own. Here its result is waited for, so an exception that a signal's handler raises
    (ours, Prefect's inside a flow, Python's for Ctrl-C) comes up here and not inside the loop, where it would end
    every task at once: paid requests on the wire, and the commits of their replies.

    Raises:
        BaseException: what the work raised, or the signal's exception once the work has ended.
    """
    loop = asyncio.new_event_loop()
    started: Future[asyncio.Task[Result]] = Future()
    outcome: Future[Result] = Future()

    async def main() -> Result:
        task = asyncio.current_task()
        assert task is not None
        started.set_result(task)
        return await work()

    def run() -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: loop) as runner:
                outcome.set_result(runner.run(main()))
        except BaseException as error:  # noqa: BLE001 - it is raised in the waiting thread
            outcome.set_exception(error)

    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(run,), name="event-loop", daemon=True)
    try:
        thread.start()
        return outcome.result()
    except BaseException:
        if not outcome.done():
            with contextlib.suppress(TimeoutError):  # the signal came before the thread did
                task = started.result(timeout=1)
                loop.call_soon_threadsafe(task.cancel)
                wait([outcome])
        raise
