"""One thread per worker, whether a library was loaded before or after."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from aig.extractors.threads import one_core

PROGRAM = """
import sys
import numpy, scipy.linalg
if sys.argv[1] == "before":
    import numba, torch
from aig.extractors.threads import hold_to_one
hold_to_one()
import numba, torch, threadpoolctl
numba.njit(lambda: 1)()
assert numba.get_num_threads() == 1, numba.get_num_threads()
numpy.linalg.svd(numpy.ones((50, 50)))
assert torch.get_num_threads() == 1, torch.get_num_threads()
assert {pool["num_threads"] for pool in threadpoolctl.threadpool_info()} == {1}, threadpoolctl.threadpool_info()
"""


@pytest.mark.slow
def test_one_thread_whenever_a_library_is_loaded() -> None:
    pytest.importorskip("torch")
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_NUM_THREADS")}
    for order in ("before", "after"):
        subprocess.run([sys.executable, "-c", PROGRAM, order], check=True, env=environment)


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux can keep a thread on a core")
def test_praat_sees_one_core_and_the_others_come_back() -> None:
    before = os.sched_getaffinity(0)
    with one_core():
        assert len(os.sched_getaffinity(0)) == 1
    assert os.sched_getaffinity(0) == before
