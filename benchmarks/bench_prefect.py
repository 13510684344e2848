"""What running under Prefect costs: 1,000 batches through the flow's own loop, and a rebuild with nothing to do.

Prefect's share is what its process pool needs more than `concurrent.futures`' own for the same batches of 2 s.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

BATCHES = 1_000
BATCH_S = 2.0
WORKERS = 16
CLIPS = 1_000_000


def batch(seconds: float) -> float:
    """A batch of work that waits, so that many workers can be tried on few cores."""
    time.sleep(seconds)
    return seconds


def run() -> Iterable[Figure]:
    """Prefect's share of 1,000 batches; the coordinator's memory; a no-op rebuild of a million clips."""
    with tempfile.TemporaryDirectory(prefix="aig-bench-") as folder:
        os.environ["AIG_CACHE"] = f"{folder}/cache"
        yield from _share(folder)
        yield from _no_op(Path(folder))


def _share(folder: str) -> Iterable[Figure]:
    with ProcessPoolExecutor(WORKERS) as pool:
        list(pool.map(batch, [0.0] * WORKERS))
        started = time.monotonic()
        for _ in pool.map(partial(batch), [BATCH_S] * BATCHES):
            pass
        bare_s = time.monotonic() - started
    from aig.pipelines.runtime.prefect_server import prefect_api

    with prefect_api(folder):
        ours_s, grown_mb, cpu_ms = _under_prefect()
    yield Figure(
        "1,000 batches of 2 s: Prefect's share", ours_s, bare_s, "s", ours_s / bare_s - 1, 0.05, at_least=False
    )
    yield Figure("coordinator's processor time a batch", cpu_ms, 1, "ms", cpu_ms, 50, at_least=False)
    yield Figure("coordinator's memory, last 500 batches", grown_mb, 1, "MB", grown_mb, 30, at_least=False)


def _under_prefect() -> tuple[float, float, float]:
    from prefect import flow, task

    from aig.pipelines.runner_settings import RunnerSettings
    from aig.pipelines.runtime.batches import Isolation, run_batches
    from aig.pipelines.runtime.runners import Runner
    from aig.pipelines.runtime.sealed import sealed

    isolation = Isolation(lambda job: [job], lambda job: job)

    @flow(persist_result=False)
    def many() -> tuple[float, float, float]:
        with Runner(RunnerSettings(workers=WORKERS)) as runner:
            work: Any = task(persist_result=False)(sealed(batch))
            for _ in run_batches(work, ({"seconds": 0.0} for _ in range(WORKERS)), runner, "warm {}".format, isolation):
                pass
            started, spent, half = time.monotonic(), time.process_time(), 0.0
            jobs = ({"seconds": BATCH_S} for _ in range(BATCHES))
            for number, _ in enumerate(run_batches(work, jobs, runner, "batch {}".format, isolation)):
                if number == BATCHES // 2:
                    half = _resident_mb()
            cpu_ms = 1e3 * (time.process_time() - spent) / BATCHES
            return time.monotonic() - started, _resident_mb() - half, cpu_ms

    return many()


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE") / 1e6


def _no_op(folder: Path) -> Iterable[Figure]:
    """Plans extract, select and generate of a million clips that are all up to date."""
    from aig.core.records import Clip, Features
    from aig.core.tables import to_table, write_table
    from aig.extractors.measure import extractor_version
    from aig.pipelines.configuration import Configuration
    from aig.pipelines.runtime.progress import Progress
    from aig.pipelines.stages import extract, select
    from aig.pipelines.stages.generate.plan import plan_dataset
    from aig.pipelines.stages.reconciliation import clip_sums
    from aig.pipelines.workspace.workspace import Workspace

    (folder / "clips.jsonl").write_text("")
    configuration = Configuration.model_validate(
        {
            "workspace": str(folder / "workspace"),
            "datasets": {"mine": {"manifest": str(folder / "clips.jsonl")}},
            "extract": {"whisper": None},
            "generate": {"open_ended": False},
        }
    )
    workspace = Workspace(configuration.workspace)
    version = extractor_version(configuration.extract)
    for start in range(0, CLIPS, 50_000):
        names = [f"{number:07d}" for number in range(start, start + 50_000)]
        clips = [
            Clip(audio_id=f"mine/{name}", dataset="mine", path=f"{name}.wav", stamp="9-9", labels=("Dog", "Rain"))
            for name in names
        ]
        workspace.write(clips, Clip, "clips", "mine", f"part-{start:07d}.parquet")
        for first in range(0, 50_000, 1_000):
            table = to_table(
                [
                    Features(
                        audio_id=clip.audio_id,
                        duration_s=10.0,
                        sample_rate=16_000,
                        volume_level="low",
                        extractor=version,
                        source=f"{clip.path}@-#9-9~",
                    )
                    for clip in clips[first : first + 1_000]
                ],
                Features,
            )
            url = workspace.url("features", "mine", f"part-{version}-{start + first:07d}.parquet")
            write_table(url, [table], table.schema)
    quiet = Progress("", None, "clips", lambda *_: None)
    select.select_dataset(configuration, workspace, "mine", quiet)
    seconds = []
    for _ in range(2):
        started = time.monotonic()
        todo, _ = extract.clips_to_measure(workspace, "mine", configuration.extract, 100)
        if todo:
            raise RuntimeError(f"{todo} clips are not up to date")
        select.select_dataset(configuration, workspace, "mine", quiet)
        clip_sums(configuration, workspace, "mine")
        plan_dataset(configuration, workspace, "mine")
        seconds.append(time.monotonic() - started)
    once, again = seconds
    yield Figure("no-op plan of 1M clips (without reading the dataset)", once, 60, "s", once, 60, at_least=False)
    yield Figure("the same again, from what is kept", again, once, "s", again / once, 0.2, at_least=False)
