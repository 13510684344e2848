"""What a flow tells Prefect about itself: names that tell runs apart, states that tell the truth, artifacts to look at.

Everything a dataset or a model wrote stays text here: it is escaped before it stands in Markdown.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
    update_progress_artifact,
)
from prefect.client.schemas.objects import State
from prefect.runtime import flow_run
from prefect.states import Completed

from aig.core.markdown import plain_markdown
from aig.core.records import Quarantined
from aig.core.storage import is_local
from aig.pipelines.runtime.progress import PROGRESS, Progress
from aig.pipelines.workspace.workspace import Workspace

__all__ = [
    "ProgressReport",
    "cost",
    "finished",
    "link",
    "quarantine",
    "run_name",
    "table",
]

_SHOWN = 100
_EVERY_S = 5.0


class ProgressReport:
    """Tells how far a run is: in the workspace for `aig status`, on Prefect's pages as a progress artifact."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._title = ""
        self._told = 0.0
        self._artifact: UUID | None = None
        self._lock = threading.Lock()

    def __call__(self, progress: Progress) -> None:
        """Tells it when the work is new, and every few seconds."""
        with self._lock:
            now = time.monotonic()
            new = progress.title != self._title
            if not new and now - self._told < _EVERY_S:
                return
            self._told, self._title = now, progress.title
            if new:
                self._artifact = None
            seconds = now - progress.started
            content = {
                "title": progress.title,
                "done": progress.done,
                "total": progress.total,
                "unit": progress.unit,
                "seconds": round(seconds, 1),
                "at": time.time(),
            }
            self._workspace.write_text(json.dumps(content), PROGRESS)
            if progress.total:
                share = min(100.0, 100.0 * progress.done / progress.total)
                if self._artifact is None:
                    self._artifact = _progress_artifact(progress.title, share)
                else:
                    update_progress_artifact(self._artifact, progress=share)


def _progress_artifact(title: str, share: float) -> UUID:
    return cast(UUID, create_progress_artifact(share, key=_key(f"progress-{title}"), description=title))


def run_name(stage: str) -> Callable[[], str]:
    """Names a flow run after its stage, its configuration and the datasets it is about."""

    def name() -> str:
        parameters = flow_run.parameters
        only = ", ".join(parameters.get("only") or ()) or "all datasets"
        return f"{stage} · {Path(parameters['configuration_file']).stem} · {only}"

    return name


def finished(result: Any, *, worked: int, quarantined: int, what: str = "clips") -> State[Any]:
    """The state in which a stage ends that did not fail: `Completed`, with a message that says what was done.

    It has no name of its own: an automation that waits for `Completed` would not see it.

    Args:
        result: what the flow returns.
        worked: how many items it worked on; 0: all was up to date.
        quarantined: how many of its items are in quarantine.
        what: the items.
    """
    done = f"{worked:,} {what} worked on" if worked else "up to date, nothing to do"
    if quarantined:
        return Completed(message=f"Warning: {quarantined:,} items are in quarantine; {done}", data=result)
    return Completed(message=done.capitalize(), data=result)


def table(name: str, rows: Iterable[tuple[str, Mapping[str, Any]]], description: str, first: str = "dataset") -> None:
    """A table artifact: one row a dataset, or whatever the first column is, and the datasets' sum if there are more."""
    content = [{first: title, **row} for title, row in rows]
    if len(content) > 1 and first == "dataset":
        numbers = [key for key, value in content[0].items() if isinstance(value, int)]
        content.append({"dataset": "sum", **{key: sum(row[key] for row in content) for key in numbers}})
    create_table_artifact(key=_key(name), table=content, description=description)


def quarantine(items: Iterable[Quarantined], total: int, where: str) -> None:
    """A page of the items in quarantine, with what to do about each; nothing where there are none."""
    if not total:
        return
    lines = [
        f"**{total:,} items** are in quarantine, all of them in `{where}`.",
        "",
        "| dataset | clip | stage | error | message | advice |",
        "|---|---|---|---|---|---|",
    ]
    for item in islice(items, _SHOWN):
        cells = (item.dataset, item.audio_id, item.stage, item.error, item.message, item.advice)
        lines.append("| " + " | ".join(map(plain_markdown, cells)) + " |")
    if total > _SHOWN:
        lines += ["", f"The first {_SHOWN} are shown."]
    create_markdown_artifact(key=_key("quarantine"), markdown="\n".join(lines), description="Items put aside")


def cost(sums: Mapping[str, Any]) -> None:
    """A table artifact of this run's requests, tokens and dollars."""
    row = {**sums["requests"], **{f"tokens_{key}": value for key, value in sums["tokens"].items()}}
    row["cost_usd"] = sums["cost_usd"]
    create_table_artifact(key=_key("cost"), table=[row], description="Requests to the model in this run")


def link(name: str, url: str, text: str, description: str) -> None:
    """Where something of the workspace is: a link, or its path on a disk, since no page may link to a file."""
    if is_local(url):
        shown = f"{description}, on this worker's disk: `{url}`"
        create_markdown_artifact(key=_key(name), markdown=shown, description=description)
    else:
        create_link_artifact(key=_key(name), link=url, link_text=text, description=description)


def _key(name: str) -> str:
    """Key of an artifact; those of one configuration belong together, so its name is part of it."""
    stem = Path(flow_run.parameters.get("configuration_file", "")).stem
    return re.sub(r"[^a-z0-9]+", "-", f"aig-{stem}-{name}".lower()).strip("-")
