"""The build as a Prefect flow: index, extract, select, generate, publish, validate.

What a stage does lies in `aig.pipelines.stages`; here it is cut into tasks, each a batch of work. This module imports
Prefect, so a command enters `aig.pipelines.runtime.prefect_server.prefect_api` before it imports this one.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from functools import partial
from typing import Any, cast

from prefect import State, flow, task
from prefect.cache_policies import NO_CACHE

from aig.core.errors import AigError, DataError
from aig.generators.client.summary import Summary
from aig.pipelines.configuration import Configuration, load
from aig.pipelines.preflight import Stage, check, stage_range
from aig.pipelines.runtime import prefect_artifacts
from aig.pipelines.runtime.batches import Isolation, Parameters, run_batches
from aig.pipelines.runtime.lock import only_run
from aig.pipelines.runtime.prefect_artifacts import run_name
from aig.pipelines.runtime.progress import listening, progress_of
from aig.pipelines.runtime.runners import Runner
from aig.pipelines.runtime.storage_errors import explained
from aig.pipelines.runtime.watchdog import end_when_stuck
from aig.pipelines.sources import root_of
from aig.pipelines.stages import extract as extracting
from aig.pipelines.stages import index as indexing
from aig.pipelines.stages import publish as publishing
from aig.pipelines.stages import select as selecting
from aig.pipelines.stages.generate.ask import ask_open
from aig.pipelines.stages.generate.plan import BucketJob, Plan, plan_open, plan_pairs
from aig.pipelines.stages.generate.write import forget_outdated, qa_sums
from aig.pipelines.stages.generate.write import write_bucket as write_pairs
from aig.pipelines.stages.reconciliation import add_up, check_sums, clip_sums, index_sums, quarantined_of
from aig.pipelines.views.report.page import write_report
from aig.pipelines.workspace.qa_kinds import CLOSED
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["build"]


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

_FLOW: dict[str, Any] = {"persist_result": False, "validate_parameters": True}


@task(name="measure", tags=["aig", "extract"], **_BATCH)
def measure(
    workspace: Workspace,
    name: str,
    root: str,
    clips: list[Any],
    known: dict[str, Any],
    settings: Any,
    stuck_after_s: float,
) -> dict[str, int]:
    """Measures a batch of clips."""
    with end_when_stuck(stuck_after_s) as alive:
        return extracting.measure_batch(workspace, name, root, clips, known, settings, alive)


@task(name="write-bucket", tags=["aig", "generate"], **_BATCH)
def write_bucket(
    configuration: Configuration, workspace: Workspace, job: BucketJob, stuck_after_s: float
) -> dict[str, int]:
    """Makes the pairs of a bucket of clips."""
    with end_when_stuck(stuck_after_s):
        return write_pairs(configuration, workspace, job)


@flow(name="aig-index", flow_run_name=run_name("index"), **_FLOW)
def index(configuration_file: str, only: list[str] | None = None) -> Any:
    """Reads the datasets' own annotation files into the workspace.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.

    Returns:
        What there is to say of each dataset as a whole.
    """
    with _opened(configuration_file) as (configuration, workspace):
        names = only or list(configuration.datasets)
        worked = 0
        said: dict[str, list[str]] = {}
        for name in names:
            with progress_of(f"index {name}") as progress:
                said[name] = indexing.index_dataset(configuration, workspace, name, progress)
            worked += progress.done
            selecting.limit_dataset(configuration, workspace, name)
        quarantined = _report_clips(configuration, workspace, names, "index")
        return prefect_artifacts.finished({"said": said}, worked=worked, quarantined=quarantined)


@flow(name="aig-extract", flow_run_name=run_name("extract"), **_FLOW)
def extract(configuration_file: str, only: list[str] | None = None) -> Any:
    """Measures the clips that have no features by the present extractor.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.
    """
    with _opened(configuration_file) as (configuration, workspace):
        names = only or list(configuration.datasets)
        worked = 0
        with Runner(configuration.runner) as runner:
            for name in names:
                worked += _measure_outdated(configuration, workspace, name, runner)
                extracting.forget_outdated(workspace, name, configuration.extract)
        quarantined = _report_clips(configuration, workspace, names, "extract")
        return prefect_artifacts.finished(None, worked=worked, quarantined=quarantined)


def _measure_outdated(configuration: Configuration, workspace: Workspace, name: str, runner: Runner) -> int:
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

    with progress_of(f"extract {name}", todo) as progress:
        number = partial("extract {} {}".format, name)
        for done in run_batches(measure, jobs, runner, number, Isolation(halves, give_up)):
            progress.advance(done["measured"] + done["quarantined"])
    return todo


@flow(name="aig-select", flow_run_name=run_name("select"), **_FLOW)
def select(configuration_file: str, only: list[str] | None = None) -> Any:
    """Decides which clips stay.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.
    """
    with _opened(configuration_file) as (configuration, workspace):
        names = only or list(configuration.datasets)
        worked = 0
        for name in names:
            with progress_of(f"select {name}") as progress:
                selecting.select_dataset(configuration, workspace, name, progress)
            worked += progress.done
            check_sums(name, clip_sums(configuration, workspace, name))
        quarantined = _report_clips(configuration, workspace, names, "select")
        return prefect_artifacts.finished(None, worked=worked, quarantined=quarantined)


@flow(name="aig-generate", flow_run_name=run_name("generate"), **_FLOW)
def generate(configuration_file: str, only: list[str] | None = None) -> Any:
    """Makes the question-answer pairs of the clips that stay, by rule and by the model.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.

    Returns:
        The sums of requests, tokens and cost of this run.
    """
    with _opened(configuration_file) as (configuration, workspace), contextlib.ExitStack() as stack:
        names = only or list(configuration.datasets)
        runner = stack.enter_context(Runner(configuration.runner))
        write = partial(_write_outdated, configuration, workspace, runner)
        worked = sum(write(plan_pairs(configuration, workspace, name, CLOSED)) for name in names)
        summary = Summary()
        if configuration.generate.open_ended:
            plans = plan_open(configuration, workspace, names)
            with progress_of("ask", unit="replies") as progress:
                progress.set(0, sum(plan.requests() for plan in plans))
                summary = ask_open(
                    configuration, workspace, plans, lambda now: progress.set(now.answered + now.cached + now.failed)
                )
            failures = {failure.key: failure for failure in summary.failures}
            worked += sum(write(plan, failures) for plan in plans)
        sums: dict[str, Any] = {
            "qa": qa_sums(configuration, workspace, names),
            "requests": {
                "sent": summary.sent,
                "answered": summary.answered,
                "cached": summary.cached,
                "failed": summary.failed,
            },
            "tokens": {"input": summary.input_tokens, "output": summary.output_tokens},
            "cost_usd": float(summary.cost_usd),
        }
        rows = [(name, qa_sums(configuration, workspace, [name])) for name in names]
        prefect_artifacts.table("pairs", rows, "Question-answer pairs in the workspace")
        if configuration.generate.open_ended:
            prefect_artifacts.cost(sums)
        _report_quarantine(workspace, names)
        return prefect_artifacts.finished(sums, worked=worked, quarantined=sums["qa"]["quarantined"])


def _write_outdated(
    configuration: Configuration,
    workspace: Workspace,
    runner: Runner,
    plan: Plan,
    failures: dict[str, Any] | None = None,
) -> int:
    name, kind = plan.name, plan.kind
    stuck_after_s = configuration.runner.stuck_after_s
    given = {"configuration": configuration, "workspace": workspace, "stuck_after_s": stuck_after_s}
    calls: Iterator[Parameters] = ({**given, "job": job} for job in plan.jobs(failures))

    def give_up(call: Parameters) -> Any:
        raise DataError(
            f"{name}: making the {kind} pairs of {len(call['job'].items):,} clips kills its worker every time",
            "Give it more memory (runner.workers: fewer at a time) or a longer runner.stuck_after_s; what is done is "
            "kept.",
        )

    if plan.clips:
        number = partial("{} {} {}".format, kind, name)
        isolation = Isolation(lambda call: [call], give_up)
        with progress_of(f"{kind} {name}", plan.clips) as progress:
            for done in run_batches(write_bucket, calls, runner, number, isolation):
                progress.advance(done["clips"])
    forget_outdated(workspace, plan)
    return plan.clips


@flow(name="aig-publish", flow_run_name=run_name("publish"), **_FLOW)
def publish(configuration_file: str, notes: list[str] | None = None, drop: str | None = None) -> Any:
    """Writes the shards a trainer reads, validates them, and returns where they are.

    Args:
        configuration_file: path of the YAML configuration.
        notes: sentences for the dataset card's known limits.
        drop: file of marks; pairs marked bad are left out; instead of the configuration's `publish.drop`.
    """
    with _opened(configuration_file) as (configuration, workspace):
        if drop:
            settings = configuration.publish.model_copy(update={"drop": drop})
            configuration = configuration.model_copy(update={"publish": settings})
        with progress_of("publish", unit="rows") as progress:
            shards = publishing.publish_and_validate(configuration, workspace, tuple(notes or ()), progress)
        prefect_artifacts.link("shards", shards, "shards", "The published set")
        page = workspace.url("report.html")
        if progress.done or not workspace.exists("report.html"):
            page = write_report(configuration, workspace)
        prefect_artifacts.link("report", page, "report.html", "Plots, samples, drops, cost")
        refused = workspace.count("part", "quarantine", "publish")
        return prefect_artifacts.finished(shards, worked=progress.done, quarantined=refused, what="rows")


@flow(name="aig-build", flow_run_name=run_name("build"), **_FLOW)
def build(
    configuration_file: str,
    only: list[str] | None = None,
    until: Stage = "publish",
    first: Stage = "index",
    notes: list[str] | None = None,
    drop: str | None = None,
) -> Any:
    """Builds what is out of date.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty. What is published is always all.
        until: the last stage to run.
        first: the first stage to run.
        notes: sentences for the dataset card's known limits.
        drop: file of marks; pairs marked bad are left out of what is published.

    Returns:
        The sums of `aig run --json`, but for the seconds.

    Raises:
        UsageError: the configuration, a dataset's folder or the model endpoint is wrong.
        DataError: too much in quarantine, the budget is used up, or the published set does not validate.
    """
    with _opened(configuration_file, as_stage=False) as (configuration, workspace):
        names = list(only or configuration.datasets)
        stages = stage_range(first, until)
        check(configuration, only or (), stages)
        sums: dict[str, Any] = {}
        states: list[State[Any]] = []
        flows: dict[Stage, Any] = {"index": index, "extract": extract, "select": select, "generate": generate}
        for stage in stages:
            if stage == "publish":
                states.append(cast(Any, publish)(configuration_file, notes, drop, return_state=True))
                sums["shards"] = states[-1].result()
            else:
                states.append(flows[stage](configuration_file, names, return_state=True))
                sums |= states[-1].result() or {}
        said = sums.pop("said", {})
        if stages[-1] == "index":
            sums["datasets"] = {name: index_sums(workspace, name) | {"notes": said.get(name, [])} for name in names}
        if "select" in stages or "publish" in stages:
            sums["datasets"] = {name: clip_sums(configuration, workspace, name) for name in names}
            sums["clips"] = add_up(sums["datasets"].values())
        quarantined = sum(1 for name in names for _ in quarantined_of(workspace, name))
        worked = sum(state.name != prefect_artifacts.UP_TO_DATE for state in states)
        return prefect_artifacts.finished(sums, worked=worked, quarantined=quarantined, what="stages")


@contextlib.contextmanager
def _opened(configuration_file: str, *, as_stage: bool = True) -> Iterator[tuple[Configuration, Workspace]]:
    """The configuration and its workspace, which is this run's alone inside the block; a stage tells its progress."""
    for name in ("aig", "generators", "extractors"):  # PREFECT_LOGGING_EXTRA_LOGGERS gives them handlers, no level
        logging.getLogger(name).setLevel(logging.INFO)
    configuration = load(configuration_file)
    workspace = Workspace(configuration.workspace)
    with contextlib.ExitStack() as stack:
        stack.enter_context(only_run(workspace.root))
        stack.enter_context(explained(workspace.root))
        if as_stage:
            stack.enter_context(listening(prefect_artifacts.ProgressReport(workspace)))
        yield configuration, workspace


def _report_clips(configuration: Configuration, workspace: Workspace, names: list[str], stage: str) -> int:
    """Shows where the clips are, and turns a systematic fault into a failed run; returns how many are in quarantine.

    Raises:
        DataError: more of a dataset's items are in quarantine than `max_quarantine` allows.
    """
    sums = {name: clip_sums(configuration, workspace, name) for name in names}
    prefect_artifacts.table(f"clips-after-{stage}", sums.items(), f"Where the clips are after the {stage} stage")
    if stage != "select":
        _report_quarantine(workspace, names)
    for name, counts in sums.items():
        share = counts["quarantined"] / max(counts["read"], 1)
        if share > configuration.max_quarantine:
            one = next(quarantined_of(workspace, name))
            raise DataError(
                f"{name}: {counts['quarantined']:,} of {counts['read']:,} items are in quarantine ({share:.1%}), more "
                f"than max_quarantine allows ({configuration.max_quarantine:.1%}); one of them: {one.audio_id}: "
                f"{one.message}",
                f"{one.advice.rstrip('.')}. The whole list is in {workspace.url('quarantine')}.",
            )
    return sum(counts["quarantined"] for counts in sums.values())


def _report_quarantine(workspace: Workspace, names: list[str]) -> None:
    total = sum(1 for name in names for _ in quarantined_of(workspace, name))
    items = (item for name in names for item in quarantined_of(workspace, name))
    prefect_artifacts.quarantine(items, total, workspace.url("quarantine"))
