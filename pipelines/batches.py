"""Runs batches of work as Prefect tasks: a bounded number in flight, each result taken as it comes."""

from __future__ import annotations

import queue
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from prefect import Task
from prefect.futures import PrefectFuture

__all__ = ["run_batches"]


def run_batches(
    task: Task[..., Any], jobs: Iterable[tuple[Any, ...]], in_flight: int, name: Callable[[int], str]
) -> Iterator[Any]:
    """Submits a task for each job to the flow's task runner and yields the results in order of completion.

    Only so many jobs are drawn from the iterable as are in flight, so memory does not grow with their number.

    Args:
        task: works one batch.
        jobs: its positional arguments.
        in_flight: batches submitted and not finished, at most.
        name: of the task run, from its number.

    Raises:
        Exception: the first that a batch raised after its retries; batches in flight end, no further one is started.
    """
    finished: queue.SimpleQueue[PrefectFuture[Any]] = queue.SimpleQueue()
    running = 0
    for number, job in enumerate(jobs):
        if running == in_flight:
            yield finished.get().result()
            running -= 1
        future = task.with_options(task_run_name=name(number)).submit(*job)
        future.add_done_callback(finished.put)
        running += 1
    while running:
        yield finished.get().result()
        running -= 1
