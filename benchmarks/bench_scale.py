"""The model of `aig plan --workers` against the flow's own loop over batches, with workers that only wait.

What is simulated is the work of a batch alone: how batches are drawn, handed out and taken back is the flow's own code.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from benchmarks.figures import Figure

RUNS = ((1, 4, 2.0), (4, 16, 2.0), (64, 128, 8.0))
"""Workers, batches, seconds of a batch."""


class Waiting:
    """Workers in threads, to `run_batches` a runner."""

    deaths = ()

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.in_flight = 2 * workers
        self._pool = ThreadPoolExecutor(workers)

    def submit(self, task: Any, parameters: dict[str, Any]) -> Future[float]:
        """Has a worker wait as long as the batch takes."""
        return self._pool.submit(task.work, **parameters)


class Work:
    """To `run_batches` a task."""

    def with_options(self, **_: Any) -> Work:
        """A task run's name is of no use here."""
        return self

    def work(self, seconds: float) -> float:
        """A batch."""
        time.sleep(seconds)
        return seconds


def run() -> Iterable[Figure]:
    """Seconds of the loop over the model's, at 1, 4 and 64 workers."""
    from aig.pipelines.configuration import Configuration
    from aig.pipelines.runtime.batches import Isolation, run_batches
    from aig.pipelines.views.scale import FORK_S, START_S, Rates, build_model, parse_fleet

    configuration = Configuration.model_validate({"workspace": "/w", "datasets": {"mine": {"manifest": "/m.jsonl"}}})
    per_batch = configuration.runner.batch_clips
    isolation = Isolation(lambda job: [job], lambda job: job)
    for workers, batches, seconds in RUNS:
        rates = Rates({"extract": seconds / per_batch})
        model = build_model(configuration, batches * per_batch, rates, parse_fleet(workers, []))
        (hours,) = (stage["hours"] for stage in model["stages"] if stage["stage"] == "extract")
        task: Any = Work()
        runner: Any = Waiting(workers)
        jobs = ({"seconds": seconds} for _ in range(batches))
        started = time.monotonic()
        for _ in run_batches(task, jobs, runner, "batch {}".format, isolation):
            pass
        took = time.monotonic() - started
        reckoned = 3600 * hours - START_S["extract"] - FORK_S * min(batches, workers) / workers  # nobody starts here
        off = abs(took / reckoned - 1)
        yield Figure(
            f"{batches} batches on {workers} waiting workers: off the model by",
            took,
            reckoned,
            "s",
            off,
            0.1,
            False,
        )
