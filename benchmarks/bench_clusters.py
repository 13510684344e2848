"""Two workers of a local Dask or Ray cluster against one, extraction without the recogniser, under Prefect."""

from __future__ import annotations

import importlib.util
import os
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

from aig.core.records import Clip
from benchmarks.bench_extract_workers import measured
from benchmarks.extract_clips import written
from benchmarks.figures import Figure, Skipped

CLIPS = 2_400
BATCH = 100
"""Clips in a batch, the default of `runner.batch_clips`."""
KINDS: dict[Literal["dask", "ray"], str] = {"dask": "prefect_dask", "ray": "prefect_ray"}


def run() -> Iterable[Figure]:
    """Clips per second of wall time, once the workers have loaded what they need."""
    if (cores := os.cpu_count() or 1) < 2:
        raise Skipped(f"needs two cores, there is {cores}")
    kinds = [kind for kind, package in KINDS.items() if importlib.util.find_spec(package)]
    if not kinds:
        raise Skipped("neither Dask nor Ray is installed: install the extras dask, ray")
    with tempfile.TemporaryDirectory(prefix="aig-bench-") as folder:
        os.environ["AIG_CACHE"] = f"{folder}/cache"
        from aig.pipelines.runtime.prefect_server import prefect_api

        clips, _ = written(Path(folder), CLIPS)
        with prefect_api(folder):
            for kind in kinds:
                one, two = (_rate(kind, workers, clips, folder) for workers in (1, 2))
                yield Figure(f"two {kind} workers against one", two, one, "clips/s", two / one, 1.7)


def _rate(kind: Literal["dask", "ray"], workers: int, clips: list[Clip], folder: str) -> float:
    from prefect import flow, task

    from aig.pipelines.runner_settings import RunnerSettings
    from aig.pipelines.runtime.batches import Isolation, run_batches
    from aig.pipelines.runtime.runners import Runner
    from aig.pipelines.runtime.sealed import sealed

    isolation = Isolation(lambda job: [job], lambda job: job)
    work: Any = task(persist_result=False)(sealed(measured))

    @flow(persist_result=False)
    def extraction() -> float:
        with Runner(RunnerSettings(kind=kind, workers=workers)) as runner:

            def through(batches: Iterable[list[Clip]], name: str) -> int:
                jobs = ({"clips": batch, "folder": folder} for batch in batches)
                return sum(run_batches(work, jobs, runner, f"{name} {{}}".format, isolation))

            through([clips[:10]] * 4 * workers, "warm-up")
            start = time.monotonic()
            done = through((clips[first : first + BATCH] for first in range(0, len(clips), BATCH)), "batch")
            return done / (time.monotonic() - start)

    return extraction()
