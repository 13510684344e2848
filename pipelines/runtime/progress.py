"""Progress of long work: a bar with rate and time left on a terminal, a log line at intervals without one.

Whoever else wants to know, such as the flow that shows it on Prefect's pages, listens.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import time
from collections.abc import Callable, Iterator

__all__ = ["PROGRESS", "Listener", "Progress", "listening", "progress_of"]

PROGRESS = "progress.json"
"""File of the workspace in which a run says what it is doing."""

log = logging.getLogger("aig")

LOG_EVERY_S = 30.0

bars = True
"""Whether a terminal gets bars; lines through the log otherwise."""

Listener = Callable[["Progress"], None]

_listeners: list[Listener] = []


@contextlib.contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Inside the block `listener` is told whenever a piece of work starts or advances; it must be quick."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


class Progress:
    """How far a piece of work is. `advance` is cheap and may be called from any thread.

    Attributes:
        title: of the work.
        total: items there are, `None` where nobody knows.
        unit: what the items are.
        done: items done.
        started: when, by `time.monotonic`.
    """

    def __init__(self, title: str, total: int | None, unit: str, show: Callable[[int, int | None], None]) -> None:
        self.title = title
        self.total = total
        self.unit = unit
        self.done = 0
        self.started = time.monotonic()
        self._show = show
        self._tell()

    def advance(self, items: int = 1) -> None:
        """Counts further items as done."""
        self.done += items
        self._tell()

    def set(self, done: int, total: int | None = None) -> None:
        """Sets how many items are done, and of how many."""
        self.done = done
        if total is not None:
            self.total = total
        self._tell()

    def _tell(self) -> None:
        self._show(self.done, self.total)
        for listener in _listeners:
            listener(self)


@contextlib.contextmanager
def progress_of(title: str, total: int | None = None, unit: str = "clips") -> Iterator[Progress]:
    """Shows the progress of the block on standard error, by a bar or, without a terminal, by log lines."""
    shown = _bar(title, total, unit) if bars and sys.stderr.isatty() else _lines(title, unit)
    with shown as show:
        yield Progress(title, total, unit, show)


@contextlib.contextmanager
def _bar(title: str, total: int | None, unit: str) -> Iterator[Callable[[int, int | None], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description:<24}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(unit, markup=False),
        TextColumn("{task.fields[rate]}/s", markup=False),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    started = time.monotonic()
    with Bar(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(title, total=total, rate="-")

        def show(done: int, whole: int | None) -> None:
            seconds = max(time.monotonic() - started, 1e-6)
            bar.update(task, completed=done, total=whole, rate=f"{done / seconds:,.1f}")

        yield show


@contextlib.contextmanager
def _lines(title: str, unit: str) -> Iterator[Callable[[int, int | None], None]]:
    started = last = time.monotonic()
    state: tuple[int, int | None] = (0, None)

    def line(now: float) -> None:
        done, total = state
        rate = done / max(now - started, 1e-6)
        of = f" of {total:,}" if total is not None else ""
        left = f", {(total - done) / rate:,.0f} s left" if total and rate and total > done else ""
        log.info("%s: %s%s %s, %.1f/s%s", title, f"{done:,}", of, unit, rate, left)

    def show(done: int, total: int | None) -> None:
        nonlocal last, state
        state = (done, total)
        now = time.monotonic()
        if now - last >= LOG_EVERY_S:
            last = now
            line(now)

    yield show
    line(time.monotonic())
