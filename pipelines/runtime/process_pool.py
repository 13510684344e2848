"""The processes of this machine that do batches. They know nothing of Prefect, whose task waits here for its batch.

Prefect's own pool builds its settings again, and two clients with all certificates, for each batch in each process:
more than ten times what a task costs where the flow runs, and importing it is a third of a worker's start.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from aig.pipelines.runtime import worker_logs
from aig.pipelines.runtime.watchdog import end_with_parent

__all__ = ["ProcessPool", "gpus"]

Result = TypeVar("Result")


class ProcessPool:
    """Worker processes, started as batches come. What they log is said here, among the lines of the flow.

    Args:
        workers: how many there are.
        pulses: folder in which each touches a file, see `aig.pipelines.runtime.pulse`.
    """

    def __init__(self, workers: int, pulses: Path) -> None:
        spawn = multiprocessing.get_context("spawn")
        self._logs = worker_logs.WorkerLogs()
        given = (os.getpid(), pulses, self._logs.socket, worker_logs.level())
        self._executor = ProcessPoolExecutor(workers, spawn, _start_worker, given)

    def run(self, work: Callable[..., Result], parameters: dict[str, Any]) -> Result:
        """Has a worker call a function, and waits for what it returns.

        Raises:
            BrokenProcessPool: a worker died, this batch's or another's.
            Exception: the function did.
        """
        return self._executor.submit(_called, work, parameters).result()

    def kill(self) -> None:
        """Ends the processes now. What they were writing never appears, so nothing is spoilt by it.

        Without this an interrupted run would wait for batches of minutes, beyond a scheduler's grace period.
        """
        for child in multiprocessing.active_children():
            child.kill()

    def close(self) -> None:
        """Waits for the processes' end."""
        self._executor.shutdown(cancel_futures=True)
        self._logs.close()


def _start_worker(parent: int, pulses: Path, socket: Path, level: int) -> None:
    """What a worker does first: it ends with its parent, and has one of several GPUs to itself."""
    end_with_parent(parent, pulses / str(os.getpid()))
    worker_logs.say_there(socket, level)
    devices = gpus()
    if len(devices) > 1:
        (number, *_) = multiprocessing.current_process()._identity or (1,)
        os.environ["CUDA_VISIBLE_DEVICES"] = devices[(number - 1) % len(devices)]


def _called(work: Callable[..., Result], parameters: dict[str, Any]) -> Result:
    """Calls the function; what it raises reaches the flow, as itself where it can be pickled."""
    try:
        return work(**parameters)
    except Exception as error:
        try:
            pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
        except Exception:  # noqa: BLE001 - whatever it is, the pool would take it for the worker's death
            raise RuntimeError(f"{type(error).__name__}: {error}") from None
        raise


def gpus() -> list[str]:
    """The CUDA devices that this process may use, as `CUDA_VISIBLE_DEVICES` names them; no library is loaded."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        return [device for device in visible.split(",") if device.strip()]
    found = Path("/proc/driver/nvidia/gpus")
    return [str(number) for number, _ in enumerate(found.iterdir())] if found.is_dir() else []
