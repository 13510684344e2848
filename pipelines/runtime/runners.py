"""Where batches run: a pool of processes on this machine, or the workers of a Dask or Ray cluster.

Executors know nothing of stages. A worker may die at any time; what that looks like from outside is said here, and
what is done about it in `aig.pipelines.runtime.batches`.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, cast

from prefect import Task
from prefect.futures import PrefectFuture
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from aig.core.extras import missing_extra
from aig.pipelines.runner_settings import RunnerSettings
from aig.pipelines.runtime.pulse import ending_silent_children
from aig.pipelines.runtime.watchdog import end_with_parent

__all__ = ["GPU", "Runner", "gpus", "workers_of"]

GPU = "gpu"
"""Tag of the tasks that reserve `runner.gpus` on a cluster."""

_GRACE_S = 5.0
"""A worker that hangs ends itself first, and says where it hung; this is for one that cannot."""


def workers_of(settings: RunnerSettings) -> int:
    """How many batches run at a time: as configured, else as many as this machine has cores."""
    return settings.workers or os.cpu_count() or 1


class Runner:
    """The workers of a flow, started when the first batch comes. Use as a context manager.

    Attributes:
        workers: batches that run at a time.
        deaths: exceptions by which a batch ends whose worker died.
    """

    def __init__(self, settings: RunnerSettings) -> None:
        """Starts nothing yet.

        Raises:
            UsageError: the packages that this kind of runner needs are not installed.
        """
        self._settings = settings
        self.workers = workers_of(settings)
        self.deaths = _deaths(settings.kind)
        self._runner: TaskRunner[Any] | None = None
        self._watch = contextlib.ExitStack()

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._kill()
        self._close()

    def submit(self, task: Task[..., Any], parameters: dict[str, Any]) -> PrefectFuture[Any]:
        """Hands a batch to the workers."""
        if self._runner is None:
            pulses = None
            if self._settings.kind == "process":
                limit_s = self._settings.stuck_after_s + _GRACE_S
                pulses = self._watch.enter_context(ending_silent_children(limit_s))
            self._runner = _task_runner(self._settings, pulses)
            self._runner.__enter__()
        with _reserved(self._settings, task):
            return cast(PrefectFuture[Any], self._runner.submit(task, parameters))

    def restart(self) -> None:
        """Has the pool restarted after a worker's death; a cluster replaces its workers itself."""
        if self._settings.kind == "process":
            self._kill()
            self._close()

    def _kill(self) -> None:
        """Ends the pool's processes now. What they were writing never appears, so nothing is spoilt by it.

        Without this an interrupted run would wait for batches of minutes, beyond a scheduler's grace period.
        """
        if self._settings.kind == "process":
            for child in multiprocessing.active_children():
                child.kill()

    def _close(self) -> None:
        runner, self._runner = self._runner, None
        if runner is not None:
            runner.__exit__(None, None, None)
        self._watch.close()


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


def _task_runner(settings: RunnerSettings, pulses: Path | None) -> TaskRunner[Any]:
    workers = workers_of(settings)
    if settings.kind == "dask":
        from prefect_dask.task_runners import DaskTaskRunner

        if settings.address:
            return cast(TaskRunner[Any], DaskTaskRunner(address=settings.address))
        local: dict[str, Any] = {"n_workers": workers, "threads_per_worker": 1, "dashboard_address": None}
        if settings.gpus:
            local["resources"] = {"GPU": 1}
        return cast(TaskRunner[Any], DaskTaskRunner(cluster_kwargs=local))
    if settings.kind == "ray":
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        from prefect_ray import RayTaskRunner

        quiet = {"log_to_driver": False, "logging_level": "ERROR"}
        if settings.address:
            return cast(TaskRunner[Any], RayTaskRunner(address=settings.address, init_kwargs=quiet))
        return cast(
            TaskRunner[Any], RayTaskRunner(init_kwargs={"num_cpus": workers, "include_dashboard": False, **quiet})
        )
    return cast(
        TaskRunner[Any],
        ProcessPoolTaskRunner(max_workers=workers, initializer=_start_worker, initargs=(os.getpid(), pulses)),
    )


def _start_worker(parent: int, pulses: Path | None) -> None:
    """What a worker of the pool does first: it ends with its parent, and has one of several GPUs to itself."""
    end_with_parent(parent, pulses and pulses / str(os.getpid()))
    devices = gpus()
    if len(devices) > 1:
        (number, *_) = multiprocessing.current_process()._identity or (1,)
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[(number - 1) % len(devices)]


def gpus() -> list[str]:
    """The CUDA devices that this process may use, as `CUDA_VISIBLE_DEVICES` names them; no library is loaded."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [device for device in visible.split(",") if device.strip()]
    found = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number, _ in enumerate(found.iterdir())] if found.is_dir() else []


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
