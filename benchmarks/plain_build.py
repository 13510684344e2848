"""A build of the dataset `mine` by the stages' own functions, without Prefect: for drills, and for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.sources import root_of
from aig.pipelines.stages import extract, index, publish, select
from aig.pipelines.stages.generate.ask import ask_open
from aig.pipelines.stages.generate.check import check_replies
from aig.pipelines.stages.generate.judge import judging
from aig.pipelines.stages.generate.plan import plan_dataset
from aig.pipelines.stages.generate.write import forget_outdated, write_bucket
from aig.pipelines.stages.reconciliation import check_sums, clip_sums
from aig.pipelines.workspace.held import Held
from aig.pipelines.workspace.qa_kinds import CLOSED

__all__ = ["Made", "make_pairs", "measure_clips"]


@dataclass(frozen=True, slots=True)
class Made:
    """What the stages after the clips did."""

    clips: dict[str, int]
    """Clips by kind of pairs."""
    sent: int
    """Requests to the model."""
    shards: str
    """Where the set is."""


def measure_clips(
    configuration: Configuration,
    workspace: Held,
    batch_clips: int,
    until: Literal["index", "extract", "select"] = "select",
) -> int:
    """The stages before pairs are made, to `until`; returns how many clips were measured."""
    given, settings = (configuration, workspace, "mine"), configuration.extract
    with progress_of("measure") as progress:
        index.index_dataset(*given, progress)
        if until == "index":
            return 0
        select.limit_dataset(*given)
        todo, batches = extract.clips_to_measure(workspace, "mine", settings, batch_clips)
        for clips, known in batches:
            extract.measure_batch(workspace, "mine", root_of(configuration, "mine"), clips, known, settings)
        if todo:
            workspace.forget()
            extract.nothing_to_measure(workspace, "mine", settings)
        extract.forget_outdated(workspace, "mine", settings)
        if until == "select":
            select.select_dataset(*given, progress)
            check_sums("mine", clip_sums(*given))
    return todo


def make_pairs(configuration: Configuration, workspace: Held, *, only_ask: bool = False) -> Made:
    """The stages after that; `only_ask`: the part of `generate` in which the model is asked."""
    plans = plan_dataset(configuration, workspace, "mine")
    summary = ask_open(configuration, workspace, [plan for plan in plans if plan.kind != CLOSED], lambda _: None)
    if only_ask:
        return Made({}, summary.sent, "")
    clips = {
        plan.kind: sum(write_bucket(configuration, workspace, job)["clips"] for job in plan.jobs()) for plan in plans
    }
    for plan in plans:
        forget_outdated(workspace, plan)
    check_replies(configuration, workspace, ["mine"])
    judged = judging(configuration, workspace, plans)
    judged.ask(lambda _: None)
    judged.write()
    with progress_of("publish", unit="rows") as progress:
        shards = publish.publish_and_validate(configuration, workspace, (), progress)
    return Made(clips, summary.sent, shards)
