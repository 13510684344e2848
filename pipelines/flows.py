"""The build as a Prefect flow: index, extract, select, generate, publish, validate.

What a stage does lies in `aig.pipelines.stages`; here it is cut into tasks, each a batch of work. This module imports
Prefect, so a command enters `aig.pipelines.runtime.prefect_server.prefect_api` before it imports this one.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterable
from typing import Any, cast

from prefect import State, flow, task
from prefect.cache_policies import NO_CACHE
from prefect.settings import PREFECT_API_URL

from aig.core.errors import DataError
from aig.generators.client.summary import Summary
from aig.pipelines import flow_reports
from aig.pipelines.configuration import Configuration
from aig.pipelines.flow_batches import measure_outdated, write_outdated
from aig.pipelines.preflight import Stage, check, stage_range
from aig.pipelines.runtime import prefect_artifacts
from aig.pipelines.runtime.cluster import see_that_workers_reach
from aig.pipelines.runtime.elsewhere import run_elsewhere
from aig.pipelines.runtime.lock import lent
from aig.pipelines.runtime.prefect_artifacts import run_name
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.runtime.run import Run, opened, snapshot_of
from aig.pipelines.stages import extract as extracting
from aig.pipelines.stages import index as indexing
from aig.pipelines.stages import publish as publishing
from aig.pipelines.stages import select as selecting
from aig.pipelines.stages.generate.ask import ask_open
from aig.pipelines.stages.generate.check import check_replies
from aig.pipelines.stages.generate.judge import judging
from aig.pipelines.stages.generate.plan import clips_of, plan_dataset
from aig.pipelines.stages.generate.write import qa_sums
from aig.pipelines.stages.reconciliation import add_up, check_sums, clip_sums, count_quarantined, index_sums
from aig.pipelines.views.plan import plan_run
from aig.pipelines.views.report.page import write_report
from aig.pipelines.workspace.qa_kinds import CLOSED

__all__ = ["build"]


_ONCE: dict[str, Any] = {"cache_policy": NO_CACHE, "persist_result": False}

_FLOW: dict[str, Any] = {"persist_result": False, "validate_parameters": True}


@flow(name="aig-index", flow_run_name=run_name("index"), **_FLOW)
def index(configuration_file: str, only: list[str] | None = None) -> Any:
    """Reads the datasets' own annotation files into the workspace.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.

    Returns:
        What there is to say of each dataset as a whole.
    """
    said: dict[str, tuple[str, ...]] = {}

    def work(run: Run, name: str) -> int:
        with progress_of(f"index {name}") as progress:
            indexed = indexing.index_dataset(run.configuration, run.workspace, name, progress)
        selecting.limit_dataset(run.configuration, run.workspace, name)
        said[name] = indexed.notes
        return indexed.changed

    return _stage_of_clips("index", configuration_file, only, work, {"said": said})


@flow(name="aig-extract", flow_run_name=run_name("extract"), **_FLOW)
def extract(configuration_file: str, only: list[str] | None = None, configuration: dict[str, Any] | None = None) -> Any:
    """Measures the clips that have no features by the present extractor.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.
        configuration: what the file held when the build began whose stage this is; read from the file where empty.
    """
    with contextlib.ExitStack() as stack:
        if configuration is not None:
            given = Configuration.model_validate(configuration)
            stack.enter_context(snapshot_of(configuration_file, given))
        return _stage_of_clips("extract", configuration_file, only, measure_outdated)


@flow(name="aig-select", flow_run_name=run_name("select"), **_FLOW)
def select(configuration_file: str, only: list[str] | None = None) -> Any:
    """Decides which clips stay.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.
    """

    def work(run: Run, name: str) -> int:
        with progress_of(f"select {name}") as progress:
            decided = selecting.select_dataset(run.configuration, run.workspace, name, progress)
        check_sums(name, clip_sums(run.configuration, run.workspace, name))
        return decided

    return _stage_of_clips("select", configuration_file, only, work)


def _stage_of_clips(
    stage: str,
    configuration_file: str,
    only: list[str] | None,
    work: Callable[[Run, str], int],
    result: dict[str, Any] | None = None,
) -> State[Any]:
    """What the stages that work on clips have in common.

    Args:
        stage: its name.
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.
        work: does the stage's work on a dataset; returns how many clips it worked on.
        result: what the flow returns.
    """
    with opened(configuration_file, stage) as run:
        names = only or list(run.configuration.datasets)
        worked = sum(work(run, name) for name in names)
        quarantined = flow_reports.clips(run.configuration, run.workspace, names, stage)
        return run.finished(result, worked=worked, quarantined=quarantined)


@flow(name="aig-generate", flow_run_name=run_name("generate"), **_FLOW)
def generate(configuration_file: str, only: list[str] | None = None) -> Any:
    """Makes the question-answer pairs of the clips that stay, by rule and by the model.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty.

    Returns:
        The sums of requests, tokens and cost of this run.
    """
    with opened(configuration_file, "generate") as run:
        configuration, workspace = run.configuration, run.workspace
        names = only or list(configuration.datasets)
        if waiting := [name for name in names if selecting.outdated_selections(configuration, workspace, name)]:
            raise DataError(
                f"the clips of {', '.join(waiting)} are not selected, or were before the settings, the clips or what "
                "was measured changed, so nobody knows which ones to make pairs of",
                "Run `aig run CONFIG --until generate`: it works on what is out of date.",
            )
        plans = [plan for name in names for plan in plan_dataset(configuration, workspace, name)]
        for plan in plans:
            if plan.kind == CLOSED:
                write_outdated(run, plan)
        summary = Summary()
        asked = [plan for plan in plans if plan.kind != CLOSED]
        if asked:

            @task(name="ask", tags=["aig", "generate"], **_ONCE)  # so that the time it takes shows on its own
            def ask() -> Summary:
                with progress_of("ask", unit="replies") as progress:
                    progress.set(0, sum(plan.clips for plan in asked))
                    return ask_open(
                        configuration,
                        workspace,
                        asked,
                        lambda now: progress.set(now.answered + now.cached + now.failed),
                    )

            summary = ask()
            failures = {failure.key: failure for failure in summary.failures}
            for plan in asked:
                write_outdated(run, plan, failures)
        worked = clips_of(plans)
        judged = judging(configuration, workspace, plans)

        @task(name="judge", tags=["aig", "generate"], **_ONCE)
        def judge() -> list[Summary]:
            with progress_of("judge", unit="replies") as progress:
                return judged.ask(lambda now: progress.set(now.answered + now.cached + now.failed))

        for second in judge() if judged.todo else ():
            summary.add(second)
        verdicts = judged.write()
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
        if judged.plans:
            sums["verdicts"] = verdicts
        rows = [(name, qa_sums(configuration, workspace, [name])) for name in names]
        prefect_artifacts.table("pairs", rows, "Question-answer pairs in the workspace")
        if configuration.generate.open_ended:
            prefect_artifacts.cost(sums)
        flow_reports.quarantine(workspace, names)
        if configuration.generate.open_ended:
            check_replies(configuration, workspace, names)
        return run.finished(sums, worked=worked, quarantined=sums["qa"]["quarantined"])


@flow(name="aig-publish", flow_run_name=run_name("publish"), **_FLOW)
def publish(
    configuration_file: str,
    notes: list[str] | None = None,
    drop: str | None = None,
    accept_shrink: bool = False,
) -> Any:
    """Writes the shards a trainer reads, validates them, and returns where they are.

    Args:
        configuration_file: path of the YAML configuration.
        notes: sentences for the dataset card's known limits.
        drop: file of marks; pairs marked bad are left out; instead of the configuration's `publish.drop`.
        accept_shrink: publish although more than `publish.max_shrink` of what is published now would be missing.
    """
    with opened(configuration_file, "publish") as run:
        configuration, workspace = run.configuration, run.workspace
        if drop:
            settings = configuration.publish.model_copy(update={"drop": drop})
            configuration = configuration.model_copy(update={"publish": settings})
        with progress_of("publish", unit="rows") as progress:
            shards = publishing.publish_and_validate(
                configuration, workspace, tuple(notes or ()), progress, accept_shrink=accept_shrink
            )
        prefect_artifacts.link("shards", shards, "shards", "The published set")
        page = workspace.url("report.html")
        if progress.done or not workspace.exists("report.html"):
            page = write_report(configuration, workspace)
        prefect_artifacts.link("report", page, "report.html", "Plots, samples, drops, cost")
        refused = workspace.count("part", "quarantine", "publish")
        return run.finished(shards, worked=progress.done, quarantined=refused, what="rows")


@flow(name="aig-build", flow_run_name=run_name("build"), **_FLOW)
def build(
    configuration_file: str,
    only: list[str] | None = None,
    until: Stage = "publish",
    first: Stage = "index",
    notes: list[str] | None = None,
    drop: str | None = None,
    accept_shrink: bool = False,
    plan: bool = False,
    extract_deployment: str | None = None,
) -> Any:
    """Builds what is out of date.

    Args:
        configuration_file: path of the YAML configuration.
        only: datasets to work on; all where empty. What is published is always all.
        until: the last stage to run.
        first: the first stage to run.
        notes: sentences for the dataset card's known limits.
        drop: file of marks; pairs marked bad are left out of what is published.
        accept_shrink: publish although more than `publish.max_shrink` of what is published now would be missing.
        plan: only say what would be done and why, as an artifact; nothing is changed.
        extract_deployment: deployment that runs the extract stage, so that it waits in a queue of its own, such as
            `aig-extract/extract`; in this process where empty, and where nothing is to be measured.

    Returns:
        The sums of `aig run --json`, but for the seconds; of `aig plan --json` where only that was asked for.

    Raises:
        UsageError: the configuration, a dataset's folder or the model endpoint is wrong, or a cluster's workers do not
            reach Prefect's server.
        DataError: too much in quarantine, the budget is used up, or the published set does not validate.
    """
    with opened(configuration_file) as run:
        configuration, workspace = run.configuration, run.workspace
        names = list(only or configuration.datasets)
        stages = stage_range(first, until)
        check(configuration, only or (), stages)
        if plan:
            found = plan_run(configuration, workspace, names)
            return run.finished(found, worked=flow_reports.plan(found), quarantined=0, what="steps to be")
        if configuration.runner.address and {"extract", "generate"} & set(stages):
            see_that_workers_reach(str(PREFECT_API_URL.value()), configuration.runner)
        sums: dict[str, Any] = {}
        flows: dict[Stage, Any] = {"index": index, "extract": extract, "select": select, "generate": generate}
        for stage in stages:
            if stage == "publish":
                sums["shards"] = cast(Any, publish)(configuration_file, notes, drop, accept_shrink)
                sums["report"] = workspace.url("report.html")
            elif stage == "extract" and extract_deployment and (todo := _to_measure(run, names)):
                _extract_elsewhere(run, configuration_file, names, extract_deployment, todo)
            else:
                sums |= flows[stage](configuration_file, names) or {}
        said = sums.pop("said", {})
        if stages[-1] == "index":
            sums["datasets"] = {
                name: index_sums(workspace, name) | {"notes": list(said.get(name, ()))} for name in names
            }
        if "select" in stages or "publish" in stages:
            sums["datasets"] = {name: clip_sums(configuration, workspace, name) for name in names}
            sums["clips"] = add_up(sums["datasets"].values())
        quarantined = sum(count_quarantined(workspace, name) for name in names)
        sums["stages"] = run.stages
        flow_reports.build(sums, workspace, names)
        worked = sum(bool(stage["worked"]) for stage in run.stages.values())
        return run.finished(sums, worked=worked, quarantined=quarantined, what="stages")


def _to_measure(run: Run, names: Iterable[str]) -> int:
    """How many clips the extract stage would measure."""
    settings, size = run.configuration.extract, run.configuration.runner.batch_clips
    return sum(extracting.clips_to_measure(run.workspace, name, settings, size)[0] for name in names)


def _extract_elsewhere(run: Run, configuration_file: str, names: list[str], deployment: str, todo: int) -> None:
    """Has another process run the extract stage, which holds the workspace meanwhile."""
    began = time.monotonic()
    parameters = {
        "configuration_file": configuration_file,
        "only": names,
        "configuration": run.configuration.model_dump(mode="json"),
    }
    wait_s = run.configuration.runner.wait_s
    with lent(run.workspace.root, wait_s=wait_s):
        run_elsewhere(deployment, parameters, start_within_s=wait_s)
    run.workspace.forget()
    run.stages["extract"] = {"seconds": round(time.monotonic() - began, 1), "worked": todo, "unit": "clips"}
