"""What the flows show of themselves on Prefect's pages: artifacts, and events that automations wait for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aig.core.errors import DataError
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime import prefect_artifacts, prefect_events
from aig.pipelines.stages.reconciliation import clip_sums, count_quarantined, quarantined_of
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["build", "clips", "plan", "quarantine"]


def clips(configuration: Configuration, workspace: Workspace, names: Sequence[str], stage: str) -> int:
    """Shows where the clips are, and turns a systematic fault into a failed run; returns how many are in quarantine.

    Raises:
        DataError: more of a dataset's items are in quarantine than `max_quarantine` allows.
    """
    sums = {name: clip_sums(configuration, workspace, name) for name in names}
    prefect_artifacts.table(f"clips-after-{stage}", sums.items(), f"Where the clips are after the {stage} stage")
    puts_aside = stage != "select"
    if puts_aside:
        quarantine(workspace, names)
    for name, counts in sums.items():
        share = counts["quarantined"] / max(counts["read"], 1)
        said = f"{name}: {counts['quarantined']:,} of {counts['read']:,} items are in quarantine ({share:.1%})"
        allowed = f"max_quarantine allows ({configuration.max_quarantine:.1%})"
        if puts_aside and share > configuration.max_quarantine / 2:
            told = {"dataset": name, "items": counts["quarantined"], "share": round(share, 4)}
            prefect_events.tell(prefect_events.QUARANTINE, name, f"{said}, more than half of what {allowed}", told)
        if share > configuration.max_quarantine:
            one = next(quarantined_of(workspace, name))
            raise DataError(
                f"{said}, more than {allowed}; one of them: {one.audio_id}: {one.message}",
                f"{one.advice.rstrip('.')}. The whole list is in {workspace.url('quarantine')}.",
            )
    return sum(counts["quarantined"] for counts in sums.values())


def quarantine(workspace: Workspace, names: Sequence[str]) -> None:
    """A page of what is in quarantine."""
    total = sum(count_quarantined(workspace, name) for name in names)
    items = (item for name in names for item in quarantined_of(workspace, name))
    prefect_artifacts.quarantine(items, total, workspace.url("quarantine"))


def build(sums: Mapping[str, Any], workspace: Workspace, names: Sequence[str]) -> None:
    """The whole build on its own page: how long each stage took, clips, pairs, cost, quarantine, where the set is."""
    stages = [(name, {**done, "per_second": _rate(done)}) for name, done in sums["stages"].items()]
    prefect_artifacts.table("stages", stages, "What the stages worked on, and how fast", first="stage")
    if "clips" in sums:
        prefect_artifacts.table("clips", sums["datasets"].items(), "Where the clips are")
    if "qa" in sums:
        prefect_artifacts.table("all-pairs", [("all", sums["qa"])], "Question-answer pairs in the workspace")
        prefect_artifacts.cost(sums)
    quarantine(workspace, names)
    if "shards" in sums:
        prefect_artifacts.link("shards", sums["shards"], "shards", "The published set")
        prefect_artifacts.link("report", sums["report"], "report.html", "Plots, samples, drops, cost")


def _rate(done: Mapping[str, Any]) -> float | None:
    return round(done["worked"] / done["seconds"], 2) if done["worked"] and done["seconds"] else None


def plan(found: Mapping[str, Any]) -> int:
    """What a run would do, as a page of its own; returns how many steps have something to do."""
    steps = [step for step in found["steps"] if step["clips"]]
    rows = [
        (step["dataset"], {"stage": step["stage"], "clips": step["clips"], "why": "; ".join(step["why"])})
        for step in steps
    ]
    prefect_artifacts.table("plan", rows or [("-", {"stage": "-", "clips": 0, "why": "up to date"})], "To be done")
    prefect_artifacts.table("plan-requests", [("all", found["requests"])], "Requests that would be sent")
    return len(steps)
