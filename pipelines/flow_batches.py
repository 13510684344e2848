"""The batches of work of the flows, each a Prefect task that a worker does.

This module imports Prefect: a command enters `aig.pipelines.runtime.prefect_server.prefect_api` before it imports it.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE

from aig.core.errors import AigError, DataError
from aig.pipelines import batch_work
from aig.pipelines.runtime.batches import Isolation, run_batches
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.runtime.run import Run
from aig.pipelines.runtime.runners import GPU
from aig.pipelines.runtime.sealed import Parameters, sealed
from aig.pipelines.sources import root_of
from aig.pipelines.stages import extract as extracting
from aig.pipelines.stages.generate.plan import Plan
from aig.pipelines.stages.generate.write import forget_outdated

__all__ = ["measure_outdated", "write_outdated"]


def _worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    """Whether another try can help: not where the data or the configuration is wrong, nor where the pool is gone."""
    try:
        state.result()
    except (AigError, BrokenProcessPool):
        return False
    except Exception:  # noqa: BLE001 - whatever else a batch died of may have passed
        return True
    return False


_BATCH: dict[str, Any] = {
    "cache_policy": NO_CACHE,  # what is done is seen in the workspace, whatever server the flow runs under
    "persist_result": False,
    "retries": 2,
    "retry_delay_seconds": [2, 10],
    "retry_condition_fn": _worth_retrying,
}


measure = task(name="measure", tags=["aig", "extract", GPU], **_BATCH)(sealed(batch_work.measure))
write_bucket = task(name="write-bucket", tags=["aig", "generate"], **_BATCH)(sealed(batch_work.write_bucket))


def measure_outdated(run: Run, name: str) -> int:
    """Measures the clips of a dataset that have no features by the present extractor; returns how many."""
    configuration, workspace = run.configuration, run.workspace
    settings = configuration.extract
    todo, batches = extracting.clips_to_measure(workspace, name, settings, configuration.runner.batch_clips)
    given: Parameters = {
        "workspace": workspace,
        "name": name,
        "root": root_of(configuration, name),
        "settings": settings,
        "stuck_after_s": configuration.runner.stuck_after_s,
    }
    jobs: Iterator[Parameters] = ({**given, "clips": clips, "known": known} for clips, known in batches)

    def halves(job: Parameters) -> list[Parameters]:
        middle = len(job["clips"]) // 2
        return [{**job, "clips": part} for part in (job["clips"][:middle], job["clips"][middle:]) if part]

    def give_up(job: Parameters) -> dict[str, int]:
        return extracting.quarantine_fatal_clip(workspace, name, job["clips"][0], settings)

    run.runner.loaded = (batch_work.__name__, "aig.extractors.ready")
    with progress_of(f"extract {name}", todo) as progress:
        number = partial("extract {} {}".format, name)
        for done in run_batches(measure, jobs, run.runner, number, Isolation(halves, give_up)):
            progress.advance(done["measured"] + done["quarantined"])
    if todo:
        workspace.forget()
        if progress.done == todo:
            extracting.nothing_to_measure(workspace, name, settings)
    extracting.forget_outdated(workspace, name, settings)
    return todo


def write_outdated(run: Run, plan: Plan, failures: dict[str, Any] | None = None) -> None:
    """Makes the pairs of a plan's buckets that are missing or out of date, and removes those that are too many."""
    configuration, workspace = run.configuration, run.workspace
    name, kind = plan.name, plan.kind
    stuck_after_s = configuration.runner.stuck_after_s
    given = {"configuration": configuration, "workspace": workspace, "stuck_after_s": stuck_after_s}
    calls: Iterator[Parameters] = ({**given, "job": job} for job in plan.jobs(failures))

    def give_up(call: Parameters) -> Any:
        raise DataError(
            f"{name}: making the {kind} pairs of {call['job'].clips:,} clips kills its worker every time",
            "Give it more memory (runner.workers: fewer at a time) or a longer runner.stuck_after_s; what is done is "
            "kept.",
        )

    if plan.clips:
        number = partial("{} {} {}".format, kind, name)
        isolation = Isolation(lambda call: [call], give_up)
        run.runner.loaded = (batch_work.__name__,)
        with progress_of(f"{kind} {name}", plan.clips) as progress:
            for done in run_batches(write_bucket, calls, run.runner, number, isolation):
                progress.advance(done["clips"])
        workspace.forget()
    forget_outdated(workspace, plan)
