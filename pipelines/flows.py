"""The build as a Prefect flow: index, extract, select, generate, publish, validate.

What a stage does lies in `pipelines.stages`; here it is cut into tasks, each a batch of work. This module imports
Prefect, so a command enters `pipelines.prefect_server.prefect_api` before it imports this one.
"""

from __future__ import annotations

import os
from functools import partial
from typing import Any, cast

from prefect import flow, task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ProcessPoolTaskRunner, TaskRunner

from datasets_registry.errors import AigError, DataError, UsageError
from generators.summary import Summary
from pipelines.batches import run_batches
from pipelines.configuration import Configuration, load
from pipelines.lifeline import end_with_parent
from pipelines.progress import progress_of
from pipelines.stages import extract as extracting
from pipelines.stages import generate as generating
from pipelines.stages import index as indexing
from pipelines.stages import publish as publishing
from pipelines.stages import select as selecting
from pipelines.stages.sums import add_up, check_sums, clip_sums, quarantined_of
from pipelines.workspace import Workspace

__all__ = ["STAGES", "build", "stage_range"]

STAGES = ("index", "extract", "select", "generate", "publish")


def stage_range(first: str, until: str) -> tuple[str, ...]:
    """The stages from one to another, both included.

    Raises:
        UsageError: there is no such stage.
    """
    for stage in (first, until):
        if stage not in STAGES:
            raise UsageError(f"there is no stage {stage!r}", f"the stages are: {', '.join(STAGES)}")
    return STAGES[STAGES.index(first) : STAGES.index(until) + 1]


def _worth_retrying(_task: Any, _run: Any, state: Any) -> bool:
    """Whether another try can help: not where the data or the configuration is wrong."""
    try:
        state.result()
    except AigError:
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


@task(**_BATCH)
def measure(
    workspace: Workspace, name: str, root: str, clips: list[Any], known: dict[str, Any], settings: Any
) -> dict[str, int]:
    """Measures a batch of clips."""
    end_with_parent()
    return extracting.measure_batch(workspace, name, root, clips, known, settings)


@task(**_BATCH)
def write_bucket(configuration: Configuration, workspace: Workspace, job: generating.BucketJob) -> dict[str, int]:
    """Makes the pairs of a bucket of clips."""
    end_with_parent()
    return generating.write_bucket(configuration, workspace, job)


@flow(name="aig-index", flow_run_name="index", persist_result=False)
def index(configuration_file: str, only: list[str] | None = None) -> None:
    """Reads the datasets' own annotation files into the workspace.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.
    """
    configuration, workspace = _open(configuration_file)
    for name in only or configuration.datasets:
        with progress_of(f"index {name}") as progress:
            indexing.index_dataset(configuration, workspace, name, progress)
        selecting.limit_dataset(configuration, workspace, name)
        _check_quarantine(configuration, workspace, name)


@flow(name="aig-extract", flow_run_name="extract", persist_result=False)
def extract(configuration_file: str, only: list[str] | None = None) -> None:
    """Measures the clips that have no features by the present extractor.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.
    """
    configuration, workspace = _open(configuration_file)
    for name in only or configuration.datasets:
        todo, batches = extracting.clips_to_measure(
            workspace, name, configuration.extract, configuration.runner.batch_clips
        )
        root = indexing.root_of(configuration, name)
        jobs = ((workspace, name, root, clips, known, configuration.extract) for clips, known in batches)
        with progress_of(f"extract {name}", todo) as progress:
            for done in run_batches(measure, jobs, _in_flight(configuration), partial("extract {} {}".format, name)):
                progress.advance(done["measured"] + done["quarantined"])
        extracting.forget_outdated(workspace, name, configuration.extract)
        _check_quarantine(configuration, workspace, name)


@flow(name="aig-select", flow_run_name="select", persist_result=False)
def select(configuration_file: str, only: list[str] | None = None) -> None:
    """Decides which clips stay.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.
    """
    configuration, workspace = _open(configuration_file)
    for name in only or configuration.datasets:
        with progress_of(f"select {name}") as progress:
            selecting.select_dataset(configuration, workspace, name, progress)
        check_sums(name, clip_sums(configuration, workspace, name))


@flow(name="aig-generate", flow_run_name="generate", persist_result=False)
def generate(configuration_file: str, only: list[str] | None = None) -> dict[str, Any]:
    """Makes the question-answer pairs of the clips that stay, by rule and by the model.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.

    Returns:
        The sums of requests, tokens and cost of this run.
    """
    configuration, workspace = _open(configuration_file)
    names = list(only or configuration.datasets)
    for name in names:
        _write_outdated(configuration, workspace, name, generating.CLOSED)
    summary = Summary()
    if configuration.generate.open_ended:
        with progress_of("ask", unit="replies") as progress:
            summary = generating.ask_open(
                configuration, workspace, names, lambda now: progress.set(now.answered + now.cached + now.failed)
            )
        failures = {failure.key: failure for failure in summary.failures}
        for name in names:
            for kind in generating.qa_kinds(configuration, name)[1:]:
                _write_outdated(configuration, workspace, name, kind, failures)
    return {
        "qa": generating.qa_sums(configuration, workspace, names),
        "requests": {
            "sent": summary.sent,
            "answered": summary.answered,
            "cached": summary.cached,
            "failed": summary.failed,
        },
        "tokens": {"input": summary.input_tokens, "output": summary.output_tokens},
        "cost_usd": float(summary.cost_usd),
    }


def _write_outdated(
    configuration: Configuration, workspace: Workspace, name: str, kind: str, failures: dict[str, Any] | None = None
) -> None:
    todo, jobs = generating.outdated(configuration, workspace, name, kind, failures)
    calls = ((configuration, workspace, job) for job in jobs)
    if todo:
        with progress_of(f"{kind} {name}", todo) as progress:
            for done in run_batches(
                write_bucket, calls, _in_flight(configuration), partial("{} {} {}".format, kind, name)
            ):
                progress.advance(done["clips"])
    generating.forget_outdated(configuration, workspace, name, kind)


@flow(name="aig-publish", flow_run_name="publish", persist_result=False)
def publish(configuration_file: str, notes: list[str] | None = None) -> str:
    """Writes the shards a trainer reads, validates them, and returns where they are.

    Args:
        configuration_file: path of the YAML configuration.
        notes: sentences for the dataset card's known limits.
    """
    configuration, workspace = _open(configuration_file)
    with progress_of("publish", unit="rows") as progress:
        return publishing.publish_and_validate(configuration, workspace, tuple(notes or ()), progress)


@flow(name="aig-build", flow_run_name="build-until-{until}", persist_result=False)
def build(
    configuration_file: str,
    only: list[str] | None = None,
    until: str = "publish",
    first: str = "index",
    notes: list[str] | None = None,
) -> dict[str, Any]:
    """Builds what is out of date.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty. What is published is always all.
        until: the last stage to run.
        first: the first stage to run.
        notes: sentences for the dataset card's known limits.

    Returns:
        The sums of `aig run --json`, but for the seconds.

    Raises:
        UsageError: the configuration, a dataset's folder or the model endpoint is wrong.
        DataError: too much in quarantine, the budget is used up, or the published set does not validate.
    """
    configuration, workspace = _open(configuration_file)
    names = tuple(only or configuration.datasets)
    stages = stage_range(first, until)
    sums: dict[str, Any] = {}
    if "index" in stages:
        index(configuration_file, list(names))
    if "extract" in stages:
        extract.with_options(task_runner=_pool(configuration))(configuration_file, list(names))
    if "select" in stages:
        select(configuration_file, list(names))
    if "generate" in stages:
        sums |= generate.with_options(task_runner=_pool(configuration))(configuration_file, list(names))
    if "publish" in stages:
        sums["shards"] = publish(configuration_file, notes)
    if "select" in stages or "publish" in stages:
        sums["datasets"] = {name: clip_sums(configuration, workspace, name) for name in names}
        sums["clips"] = add_up(sums["datasets"].values())
    return sums


def _open(configuration_file: str) -> tuple[Configuration, Workspace]:
    configuration = load(configuration_file)
    return configuration, Workspace(configuration.workspace)


def _workers(configuration: Configuration) -> int:
    return configuration.runner.workers or os.cpu_count() or 1


def _pool(configuration: Configuration) -> TaskRunner[Any]:
    return cast(TaskRunner[Any], ProcessPoolTaskRunner(max_workers=_workers(configuration)))


def _in_flight(configuration: Configuration) -> int:
    """Batches submitted at a time: enough that no worker waits, few enough that memory stays flat."""
    return 2 * _workers(configuration)


def _check_quarantine(configuration: Configuration, workspace: Workspace, name: str) -> None:
    """Turns a systematic fault into a failed run.

    Raises:
        DataError: more of the dataset's items are in quarantine than `max_quarantine` allows.
    """
    sums = clip_sums(configuration, workspace, name)
    share = sums["quarantined"] / max(sums["read"], 1)
    if share > configuration.max_quarantine:
        first = next(quarantined_of(workspace, name))
        raise DataError(
            f"{name}: {sums['quarantined']:,} of {sums['read']:,} items are in quarantine ({share:.1%}), more than "
            f"max_quarantine allows ({configuration.max_quarantine:.1%}); one of them: {first.message}",
            f"{first.advice}; the whole list lies in {workspace.url('quarantine')}",
        )
