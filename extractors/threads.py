"""One thread per worker: the processes are the parallelism, and libraries that add threads of their own slow it."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache

__all__ = ["hold_to_one", "one_core"]

_VARIABLES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


@lru_cache(maxsize=1)
def hold_to_one() -> None:
    """Holds the numeric libraries of this process to one thread each, loaded or yet to be loaded."""
    import threadpoolctl

    for variable in _VARIABLES:
        os.environ[variable] = "1"
    threadpoolctl.threadpool_limits(1)
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    if "numba" in sys.modules:
        sys.modules["numba"].set_num_threads(1)
    else:  # once loaded, it refuses to compile anything where this variable has changed
        os.environ["NUMBA_NUM_THREADS"] = "1"


@contextmanager
def one_core() -> Iterator[None]:
    """Keeps this thread on the core it runs on, for Praat, which starts a thread per core and takes no orders.

    It counts the cores it may use, so one allowed core makes it work in the thread that calls. Only Linux can do this.
    """
    if not sys.platform.startswith("linux"):
        yield
        return
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {ctypes.CDLL(None).sched_getcpu()})
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)
