"""What running under Prefect costs: 1,000 batches through the flow's own loop, and a rebuild with nothing to do.

Prefect's share is of processor time: what the coordinator, Prefect's server and the workers need for 1,000 batches that
do nothing, to that and 1,000 batches of the smallest size in use (100 clips of 3 to 10 s, without Whisper). It is taken
twice, the second time with eight loops beside that keep every core busy.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.extract_clips import written
from benchmarks.figures import Figure

BATCHES = 1_000
WORKERS = 2
BUSY = 8
CLIPS = 1_000_000


def batch() -> None:
    """A batch of no work."""


def _spin() -> None:
    while True:
        pass


@contextlib.contextmanager
def _busy(loops: int) -> Iterator[None]:
    """Keeps this number of processes computing inside the block."""
    spinning = [multiprocessing.get_context("spawn").Process(target=_spin, daemon=True) for _ in range(loops)]
    for process in spinning:
        process.start()
    try:
        yield
    finally:
        for process in spinning:
            process.kill()
            process.join()


def run() -> Iterable[Figure]:
    """Prefect's share of 1,000 batches, quiet and loaded; the coordinator's memory; a no-op of a million clips."""
    with tempfile.TemporaryDirectory(prefix="aig-bench-") as folder:
        os.environ["AIG_CACHE"] = f"{folder}/cache"
        yield from _share(Path(folder))
        yield from _no_op(Path(folder))


def _share(folder: Path) -> Iterable[Figure]:
    from aig.pipelines.runtime.prefect_server import prefect_api

    batch_ms = _batch_ms(folder)
    with prefect_api(str(folder)):
        for loops, beside in ((0, ""), (BUSY, f", {BUSY} busy loops beside")):
            ours_ms, grown_mb = _under_prefect(loops)
            share = ours_ms / (ours_ms + batch_ms)
            yield Figure(f"1,000 batches: Prefect's share{beside}", ours_ms, batch_ms, "ms each", share, 0.05, False)
            yield Figure(f"coordinator's memory, last 500{beside}", grown_mb, 1, "MB", grown_mb, 30, False)


def _batch_ms(folder: Path) -> float:
    """Processor time of a batch of 100 clips, from that of 20."""
    from aig.extractors.measure import measure_clips
    from aig.extractors.settings import ExtractSettings

    clips, _ = written(folder, 20)
    settings = ExtractSettings(whisper=None)
    list(measure_clips(clips[:1], str(folder), settings, {}))
    started = time.process_time()
    list(measure_clips(clips, str(folder), settings, {}))
    return 5e3 * (time.process_time() - started)


def _under_prefect(loops: int) -> tuple[float, float]:
    """Processor time of a batch in milliseconds, all processes together; by how much the coordinator grew."""
    from prefect import flow, task

    from aig.pipelines.runner_settings import RunnerSettings
    from aig.pipelines.runtime.batches import Isolation, run_batches
    from aig.pipelines.runtime.runners import Runner
    from aig.pipelines.runtime.sealed import sealed

    isolation = Isolation(lambda job: [job], lambda job: job)

    @flow(persist_result=False)
    def many() -> tuple[float, float]:
        half = 0.0
        with Runner(RunnerSettings(workers=WORKERS)) as runner:
            work: Any = task(persist_result=False)(sealed(batch))
            for _ in run_batches(work, ({} for _ in range(2 * WORKERS)), runner, "warm {}".format, isolation):
                pass
            with _busy(loops):
                before = _spent_s()
                for number, _ in enumerate(
                    run_batches(work, ({} for _ in range(BATCHES)), runner, "batch {}".format, isolation)
                ):
                    if number == BATCHES // 2:
                        half = _resident_mb()
                time.sleep(5)  # the server still writes down what it was told
                spent = _spent_s() - before
        return 1e3 * spent / BATCHES, _resident_mb() - half

    return many()


def _spent_s() -> float:
    """Processor time of this process and those below it, but for the busy loops."""
    import psutil

    me = psutil.Process()
    spinning = {process.pid for process in multiprocessing.active_children() if process.daemon}
    counted = [process for process in me.children(recursive=True) if process.pid not in spinning]
    return sum(sum(process.cpu_times()[:2]) for process in (me, *counted))


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
