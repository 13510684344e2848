"""What the coordinator spends on a bucket of clips, and what kinds of pairs cost that no clip gets.

The reference is the way it was: the clips of a bucket as records among the task's parameters, which Prefect walks
through for results of other tasks, and a task for every kind that the configuration knows.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure

CLIPS = 3_109
"""Of a bucket of AudioSet's."""


def run() -> Iterable[Figure]:
    """A bucket handed over as bytes against as records; a build of one kind that is planned for six."""
    with tempfile.TemporaryDirectory(prefix="aig-bench-") as folder:
        yield from _bucket(Path(folder))


def _bucket(folder: Path) -> Iterable[Figure]:
    import cloudpickle
    from prefect.utilities.engine import collect_task_run_inputs_sync, resolve_inputs_sync

    from aig.pipelines.runtime.sealed import Sealed
    from aig.pipelines.stages.generate.plan import plan_dataset
    from aig.pipelines.workspace.workspace import Workspace

    configuration = _measured(folder)
    workspace = Workspace(configuration.workspace)
    started = time.process_time()
    plans = plan_dataset(configuration, workspace, "mine")
    first = time.process_time() - started
    started = time.process_time()
    plan_dataset(configuration, workspace, "mine")
    again = time.process_time() - started
    plan = next(plan for plan in plans if plan.clips and plan.kind != "closed")

    def handed(parameters: dict[str, Any]) -> None:
        collect_task_run_inputs_sync(parameters)
        cloudpickle.dumps(resolve_inputs_sync(parameters, return_data=True, max_depth=-1))

    def ours() -> None:
        for job in plan.jobs():
            handed({"arguments": Sealed({"configuration": configuration, "workspace": workspace, "job": job})})

    def records() -> None:
        for job in plan.jobs():
            items = tuple(job.items(configuration))
            handed({"configuration": configuration, "workspace": workspace, "job": items})

    as_bytes, as_records = _seconds(ours), _seconds(records)
    yield Figure(
        f"coordinator, a bucket of {CLIPS:,} clips as bytes",
        as_bytes,
        as_records,
        "s",
        as_bytes / as_records,
        0.2,
        False,
    )
    tasks = sum(1 for plan in plans for _ in plan.todo)
    yield Figure("tasks of a bucket whose clips are all of one kind", tasks, len(plans), "tasks", tasks, 2, False)
    yield Figure("planning a dataset again", again, first, "s", again / first, 0.5, False)


def _seconds(work: Callable[[], None]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _measured(folder: Path) -> Any:
    """A workspace with a bucket of measured, selected clips of somebody's own data."""
    from aig.core.records import Clip, Event, Features
    from aig.extractors.measure import extractor_version
    from aig.pipelines.configuration import Configuration
    from aig.pipelines.runtime.progress import Progress
    from aig.pipelines.stages.select import select_dataset
    from aig.pipelines.workspace.workspace import Workspace

    (folder / "clips.jsonl").write_text("")
    configuration = Configuration.model_validate(
        {
            "workspace": str(folder / "workspace"),
            "datasets": {"mine": {"manifest": str(folder / "clips.jsonl")}},
            "extract": {"whisper": None},
            "generate": {"model": "mock"},
        }
    )
    workspace = Workspace(configuration.workspace)
    version = extractor_version(configuration.extract)
    clips = [
        Clip(
            audio_id=f"mine/{number}",
            dataset="mine",
            path=f"{number}.wav",
            stamp="9-9",
            labels=("Dog", "Rain", "Engine"),
            events=(Event("Dog", 0.0, 1.0), Event("Rain", 0.5, 9.0), Event("Engine", 3.0, 10.0)),
            captions=(f"A dog barks in the rain, take {number}.",),
        )
        for number in range(CLIPS)
    ]
    features = [
        Features(
            audio_id=clip.audio_id,
            duration_s=10.0,
            sample_rate=16_000,
            volume_level="low",
            extractor=version,
            source=f"{clip.path}@-#9-9~",
        )
        for clip in clips
    ]
    workspace.write(clips, Clip, "clips", "mine", "part-00000.parquet")
    workspace.write(features, Features, "features", "mine", f"part-{version}-0.parquet")
    select_dataset(configuration, workspace, "mine", Progress("", None, "clips", lambda *_: None))
    return configuration
