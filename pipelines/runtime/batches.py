"""Runs batches of work as Prefect tasks: a bounded number in flight, each result taken as it comes.

A batch whose worker died (killed, out of memory, crashed decoder, hung) is tried again, alone, so that it is known
which of those in flight it was. One that kills its worker twice is halved until the guilty item stands alone, and
that one is given up: one bad item never stops a run.
"""

from __future__ import annotations

import contextlib
import queue
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import httpx
from prefect import Task, get_client
from prefect.futures import PrefectFuture
from prefect.states import Crashed

from aig.pipelines.runtime.runners import Runner
from aig.pipelines.runtime.sealed import Parameters

__all__ = ["Isolation", "run_batches"]

_LONE_TRIES = 2


@dataclass(frozen=True)
class Isolation:
    """What becomes of a batch that kills its worker.

    Attributes:
        halves: the batch in two, or in one where it cannot be divided.
        give_up: puts the batch that cannot be divided aside, and returns what the task would have.
    """

    halves: Callable[[Parameters], list[Parameters]]
    give_up: Callable[[Parameters], Any]


@dataclass(eq=False)
class _Batch:
    parameters: Parameters
    name: str
    suspect: bool = False
    lone_deaths: int = 0


def run_batches(
    task: Task[..., Any],
    jobs: Iterable[Parameters],
    runner: Runner,
    name: Callable[[int], str],
    isolation: Isolation,
) -> Iterator[Any]:
    """Submits a task for each job to a runner and yields the results in order of completion.

    No more jobs are drawn from the iterable than are in flight, so memory does not grow with their number.

    Args:
        task: works one batch; its function is `sealed`.
        jobs: the arguments of that function by name.
        runner: whose workers do it.
        name: of the task run, from its number.
        isolation: for batches that kill their worker.

    Raises:
        Exception: the first that a batch raised after its retries; those in flight are not waited for.
    """
    fresh = (_Batch(parameters, name(number)) for number, parameters in enumerate(jobs))
    suspects: deque[_Batch] = deque()
    finished: queue.SimpleQueue[PrefectFuture[Any]] = queue.SimpleQueue()
    running: dict[PrefectFuture[Any], _Batch] = {}

    def following() -> _Batch | None:
        """What may be started now; a suspect only when nothing else runs."""
        if suspects:
            return None if running else suspects.popleft()
        return next(fresh, None) if len(running) < runner.in_flight else None

    while True:
        while (batch := following()) is not None:
            future = runner.submit(task.with_options(task_run_name=batch.name), batch.parameters)
            running[future] = batch
            future.add_done_callback(finished.put)
        if not running:
            return
        dead: list[_Batch] = []
        while running:  # once, or after a death until all in flight have ended one way or the other
            future = finished.get()
            batch = running.pop(future)
            try:
                result = future.result()
            except runner.deaths:
                _mark_crashed(future)
                dead.append(batch)
                continue
            yield result
            if not dead:
                break
        if dead:
            runner.restart()
            for batch in dead:
                yield from _try_again_or_give_up(batch, suspects, isolation)


def _try_again_or_give_up(batch: _Batch, suspects: deque[_Batch], isolation: Isolation) -> Iterator[Any]:
    """Decides about a batch whose worker died; yields the result of one that is given up."""
    if not batch.suspect:
        batch.suspect = True
        suspects.append(batch)
        return
    batch.lone_deaths += 1
    if batch.lone_deaths < _LONE_TRIES:
        suspects.appendleft(batch)
        return
    halves = isolation.halves(batch.parameters)
    if len(halves) > 1:
        suspects.extendleft(_Batch(half, f"{batch.name}, half", suspect=True, lone_deaths=1) for half in halves)
    else:
        yield isolation.give_up(batch.parameters)


def _mark_crashed(future: PrefectFuture[Any]) -> None:
    """Marks a task run as crashed: its worker cannot say so any more, and it would stand as running for ever."""
    # The server may not have heard of the run yet, or be away itself: the batch goes on without its being told.
    with get_client(sync_client=True) as client, contextlib.suppress(httpx.HTTPError):
        client.set_task_run_state(
            future.task_run_id, Crashed(message="Its worker exited unexpectedly: killed, crashed or hung."), force=True
        )
