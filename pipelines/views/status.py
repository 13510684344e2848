"""What each stage of a build has, lacks and failed, read off the workspace; nothing is changed and nothing is run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from aig.generators.ledger.ledger import Ledger
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.lock import holder_of
from aig.pipelines.runtime.progress import PROGRESS
from aig.pipelines.stages.extract import clips_to_measure
from aig.pipelines.stages.generate.plan import clips_of, plan_dataset
from aig.pipelines.stages.generate.write import qa_sums
from aig.pipelines.stages.reconciliation import clip_sums
from aig.pipelines.workspace.buckets import selections_of
from aig.pipelines.workspace.versions import current_set
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.published import PublishedSet

__all__ = ["StageStatus", "status"]

SILENT_S = 120.0
"""A run that told no progress for so long promises no time left."""


@dataclass(frozen=True, slots=True)
class StageStatus:
    """A stage of one dataset.

    Attributes:
        stage: its name.
        dataset: whose; empty for publish, which is about all.
        unit: what is counted: clips or rows.
        done: items done and up to date.
        to_do: items missing or out of date; `None` where only the stage itself finds out.
        failed: items in quarantine.
    """

    stage: str
    dataset: str
    unit: str
    done: int
    to_do: int | None
    failed: int


def status(configuration: Configuration, workspace: Workspace) -> dict[str, Any]:
    """The state of a build: `stages`, a list of `StageStatus` as dictionaries, `cost_usd`, and `running`, if a run is.

    `running` holds `by` (who holds the workspace), `title`, `done`, `total` and `seconds_left`, as far as known.
    """
    stages = [row for name in configuration.datasets for row in _of_dataset(configuration, workspace, name)]
    stages.append(_publish(configuration, workspace))
    cost = 0.0
    if workspace.exists("responses"):
        with Ledger(workspace.url("responses")) as ledger:
            cost = float(ledger.cost_usd)
    return {"stages": [asdict(row) for row in stages], "cost_usd": cost, "running": _running(workspace)}


def _of_dataset(configuration: Configuration, workspace: Workspace, name: str) -> Iterator[StageStatus]:
    sums = clip_sums(configuration, workspace, name)
    malformed = workspace.count(f"part-{name}", "quarantine", "index")
    yield StageStatus("index", name, "clips", sums["read"] - malformed, None, malformed)
    to_measure, _ = clips_to_measure(workspace, name, configuration.extract, configuration.runner.batch_clips)
    unreadable = sums["quarantined"] - malformed
    limited = _rows(workspace, "selection", f"{name}.limit.dropped.parquet")
    here = sums["read"] - malformed - sums["missing_audio"] - limited
    yield StageStatus("extract", name, "clips", here - to_measure - unreadable, to_measure, unreadable)
    decided = sums["kept"] + sums["dropped"] - limited
    yield StageStatus("select", name, "clips", decided, max(0, here - unreadable - decided), 0)
    done, to_do = 0, None
    if all(workspace.exists("selection", f"{selection}.parquet") for selection in selections_of(configuration, name)):
        to_do = clips_of(plan_dataset(configuration, workspace, name))
        done = max(0, sums["kept"] - to_do)
    given_up = qa_sums(configuration, workspace, [name])["quarantined"]
    yield StageStatus("generate", name, "clips", done, to_do, given_up)


def _publish(configuration: Configuration, workspace: Workspace) -> StageStatus:
    made = qa_sums(configuration, workspace, configuration.datasets)
    url = current_set(workspace)
    manifest = PublishedSet(url).problems()[0] if url else None
    published = manifest.rows if manifest else 0
    refused = workspace.count("part", "quarantine", "publish")
    return StageStatus("publish", "", "rows", published, max(0, made["closed"] + made["open"] - published), refused)


def _rows(workspace: Workspace, *names: str) -> int:
    import pyarrow.parquet as pq

    from aig.core.storage import open_file

    if not workspace.exists(*names):
        return 0
    with open_file(workspace.url(*names)) as stream:
        return int(pq.ParquetFile(stream).metadata.num_rows)


def _running(workspace: Workspace) -> dict[str, Any] | None:
    holder = holder_of(workspace.root)
    if holder is None:
        return None
    told: dict[str, Any] = workspace.read_json(PROGRESS) or {}
    left = None
    silent = time.time() - told["at"] if "at" in told else 0.0
    if told.get("total") and told.get("done") and silent < SILENT_S:  # nobody knows when a stopped run goes on
        left = round(told["seconds"] / told["done"] * (told["total"] - told["done"]), 1)
    return {
        "by": holder,
        "title": told.get("title"),
        "done": told.get("done"),
        "total": told.get("total"),
        "seconds_left": left,
    }
