"""Where batches run: a pool of processes on this machine, or the workers of a Dask or Ray cluster.

Executors know nothing of stages. A worker may die at any time; what that looks like from outside is said here, and
what is done about it in `aig.pipelines.runtime.batches`.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Any, cast

from prefect import Task
from prefect.futures import PrefectFuture
from prefect.task_runners import TaskRunner, ThreadPoolTaskRunner

from aig.core.extras import missing_extra
from aig.pipelines.runner_settings import RunnerSettings
from aig.pipelines.runtime.process_pool import ProcessPool
from aig.pipelines.runtime.pulse import ending_silent_children
from aig.pipelines.runtime.sealed import Parameters, Sealed

__all__ = ["GPU", "Runner", "workers_of"]

GPU = "gpu"
"""Tag of the tasks that reserve `runner.gpus` on a cluster."""

_BARREN = 2
"""Pools that may break before any of their workers has started: a third would do no better."""

_GRACE_S = 5.0
"""A worker that hangs ends itself first, and says where it hung; this is for one that cannot."""


def workers_of(settings: RunnerSettings) -> int:
    """How many batches run at a time: as configured, else as many as this machine has cores."""
    return settings.workers or os.cpu_count() or 1


class Runner:
    """The workers of a flow, started when the first batch comes. Use as a context manager.

    Attributes:
        workers: batches that run at a time.
        in_flight: batches that are handed over at a time: enough that no worker waits, few enough that memory stays
            flat.
        deaths: exceptions by which a batch ends whose worker died.
        loaded: modules that worker processes of this machine have from the start, set before the first batch.
    """

    def __init__(self, settings: RunnerSettings) -> None:
        """Starts nothing yet.

        Raises:
            UsageError: the packages that this kind of runner needs are not installed.
        """
        self._settings = settings
        self.workers = workers_of(settings)
        self.in_flight = 2 * self.workers
        self.deaths = _deaths(settings.kind)
        self.loaded: Sequence[str] = ()
        self._runner: TaskRunner[Any] | None = None
        self._pool: ProcessPool | None = None
        self._barren = 0
        self._started = contextlib.ExitStack()

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._kill()
        self._started.close()

    def submit(self, task: Task[..., Any], parameters: Parameters) -> PrefectFuture[Any]:
        """Hands a batch to the workers.

        Args:
            task: its function is `sealed`.
            parameters: of that function, by name.
        """
        if self._runner is None:
            self._start()
        arguments = {"arguments": Sealed(parameters, self._pool)}
        with _reserved(self._settings, task):
            return cast(PrefectFuture[Any], cast(TaskRunner[Any], self._runner).submit(task, arguments))

    def restart(self) -> None:
        """Has the pool restarted after a worker's death; a cluster replaces its workers itself.

        Raises:
            UsageError: workers die before they take a batch.
        """
        if self._pool is not None:
            self._barren = 0 if self._pool.began else self._barren + 1
            if self._barren == _BARREN:
                raise self._pool.no_start()
            self._kill()
            self._started.close()

    def _start(self) -> None:
        self._started.callback(self._forget)
        if self._settings.kind == "process":
            limit_s = self._settings.stuck_after_s + _GRACE_S
            pulses = self._started.enter_context(ending_silent_children(limit_s))
            self._pool = ProcessPool(self.workers, pulses, self.loaded)
            self._started.callback(self._pool.close)
            runner: TaskRunner[Any] = ThreadPoolTaskRunner(max_workers=self.in_flight)
        else:
            runner = _cluster(self._settings)
        self._runner = self._started.enter_context(runner)

    def _forget(self) -> None:
        self._runner = self._pool = None

    def _kill(self) -> None:
        if self._pool is not None:
            self._pool.kill()


@contextlib.contextmanager
def _reserved(settings: RunnerSettings, task: Task[..., Any]) -> Iterator[None]:
    """Inside the block, a task that needs a GPU is handed over with what it reserves."""
    if not settings.gpus or GPU not in task.tags:
        yield
    elif settings.kind == "ray":
        from prefect_ray.context import remote_options

        with remote_options(num_gpus=settings.gpus):
            yield
    else:
        import dask

        with dask.annotate(resources={"GPU": settings.gpus}):
            yield


def _cluster(settings: RunnerSettings) -> TaskRunner[Any]:
    workers = workers_of(settings)
    if settings.kind == "dask":
        from prefect_dask.task_runners import DaskTaskRunner

        if settings.address:
            return cast(TaskRunner[Any], DaskTaskRunner(address=settings.address))
        local: dict[str, Any] = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        if settings.gpus:
            local["resources"] = {"GPU": 1}
        return cast(TaskRunner[Any], DaskTaskRunner(cluster_kwargs=local))
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    from prefect_ray import RayTaskRunner

    quiet = {"log_to_driver": False, "logging_level": "ERROR"}
    if settings.address:
        return cast(TaskRunner[Any], RayTaskRunner(address=settings.address, init_kwargs=quiet))
    return cast(TaskRunner[Any], RayTaskRunner(init_kwargs={"num_cpus": workers, "include_dashboard": False, **quiet}))


def _deaths(kind: str) -> tuple[type[BaseException], ...]:
    with _installed(kind):
        if kind == "dask":
            import prefect_dask  # noqa: F401 - asked for early, so that its absence is said early
            from distributed.scheduler import KilledWorker

            return (KilledWorker,)
        if kind == "ray":
            import prefect_ray  # noqa: F401
            from ray import exceptions

            return (exceptions.WorkerCrashedError, exceptions.NodeDiedError, exceptions.OutOfMemoryError)
    from concurrent.futures.process import BrokenProcessPool

    return (BrokenProcessPool,)


@contextlib.contextmanager
def _installed(kind: str) -> Any:
    try:
        yield
    except ImportError as error:
        raise missing_extra(
            f"runner.kind {kind} needs the package {error.name}, which is not installed", kind
        ) from None
