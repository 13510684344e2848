"""The processes of this machine that do batches. They know nothing of Prefect, whose task waits here for its batch.

Prefect's own pool builds its settings again, and two clients with all certificates, for each batch in each process:
more than ten times what a task costs where the flow runs, and importing it is a third of a worker's start.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any, TypeVar

from aig.core.errors import UsageError
from aig.pipelines.runtime import worker_logs
from aig.pipelines.runtime.watchdog import end_with_parent

__all__ = ["ProcessPool", "gpus"]

Result = TypeVar("Result")

_BEGAN = "began"

_FORKS = sys.platform == "linux"
"""Whether workers are forked; macOS's own libraries do not bear it."""


class ProcessPool:
    """Worker processes, started as batches come. What they log is said here, among the lines of the flow.

    On Linux they are forked from a process that loads what they need once, for all pools of this process.

    Args:
        workers: how many there are.
        pulses: folder in which each touches a file, see `aig.pipelines.runtime.pulse`.
        loaded: modules that they are forked with, if no pool was here before.
    """

    def __init__(self, workers: int, pulses: Path, loaded: Sequence[str] = ()) -> None:
        self._logs = worker_logs.WorkerLogs()
        self._began = pulses / _BEGAN
        self._loads = " or ".join([getattr(sys.modules["__main__"], "__file__", None) or "the program", *loaded])
        given = (dict(os.environ), pulses, self._logs.socket, worker_logs.level())
        self._executor = ProcessPoolExecutor(workers, _context(loaded), _start_worker, given)

    def run(self, work: Callable[..., Result], parameters: dict[str, Any]) -> Result:
        """Has a worker call a function, and waits for what it returns.

        Raises:
            BrokenProcessPool: a worker died, this batch's or another's.
            UsageError: the process that workers are forked from ended while it loaded the program or a module.
            Exception: the function did.
        """
        try:
            future = self._executor.submit(_called, work, parameters)
        except (EOFError, ConnectionError) as error:
            raise self.no_start() from error
        return future.result()

    @property
    def began(self) -> bool:
        """Whether a worker ever got as far as to take a batch."""
        return self._began.exists()

    def no_start(self) -> UsageError:
        """What to say where workers end while they load what they need."""
        return UsageError(
            f"no worker process starts: loading {self._loads} ends it, see above",
            "A program that builds is loaded by its workers too: what it does belongs below "
            "`if __name__ == '__main__':`.",
        )

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


def _context(loaded: Sequence[str]) -> BaseContext:
    """How workers start."""
    if not _FORKS:
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["aig.pipelines.runtime.fork_server", "__main__", *loaded])
    return context


def _start_worker(environment: dict[str, str], pulses: Path, socket: Path, level: int) -> None:
    """What a worker does first: it ends with the process whose pool it is of, and has one of several GPUs to itself.

    The process that it was forked from has the environment of the first pool.
    """
    os.environ.clear()
    os.environ.update(environment)
    end_with_parent(None, pulses / str(os.getpid()))
    worker_logs.say_there(socket, level)
    (pulses / _BEGAN).touch()
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
