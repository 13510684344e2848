"""`aig status` and `aig retry-quarantine`."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from aig.pipelines.cli.options import ConfigArgument, OnlyOption
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("status")(status)
    app.command("retry-quarantine")(retry_quarantine)


def status(config: ConfigArgument, json: JsonFlag = False) -> None:
    """Shows what each stage has, lacks and failed; what is running now; and what was spent."""
    from aig.pipelines.configuration import load
    from aig.pipelines.views import status as state
    from aig.pipelines.workspace.workspace import Workspace

    configuration = load(config)
    found = state.status(configuration, Workspace(configuration.workspace))
    if json:
        print_json(found)
        return
    print_table(
        "Stages",
        ("stage", "dataset", "done", "to do", "failed", "unit"),
        [
            (row["stage"], row["dataset"], row["done"], _known(row["to_do"]), row["failed"], row["unit"])
            for row in found["stages"]
        ],
    )
    typer.echo(f"Spent: ${found['cost_usd']:.4f}")
    typer.echo(_running(found["running"]))


def _known(count: int | None) -> object:
    return "?" if count is None else count


def _running(run: dict[str, Any] | None) -> str:
    if run is None:
        return "Running: nothing"
    if run["title"] is None:
        return f"Running: {run['by']}, starting"
    of = f" of {run['total']:,}" if run["total"] else ""
    left = f", {run['seconds_left']:,.0f} s left" if run["seconds_left"] is not None else ""
    return f"Running: {run['title']}, {run['done']:,}{of}{left} ({run['by']})"


def retry_quarantine(
    config: ConfigArgument,
    only: OnlyOption = None,
    error: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only items with this error, such as unreadable_audio.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Lifts the quarantine, so that the next `aig run` tries its items again."""
    from aig.pipelines.configuration import load
    from aig.pipelines.preflight import chosen_datasets
    from aig.pipelines.runtime.lock import only_run
    from aig.pipelines.stages.quarantine import lift
    from aig.pipelines.workspace.workspace import Workspace

    configuration = load(config)
    workspace = Workspace(configuration.workspace)
    names = chosen_datasets(configuration, only)
    with only_run(workspace.root):
        lifted = {
            stage: sum(
                lift(workspace, name, stage, lambda item: error is None or item.error == error) for name in names
            )
            for stage in ("extract", "generate")
        }
    if json:
        print_json({"lifted": lifted})
    else:
        say(f"Lifted {lifted['extract']:,} clips and {lifted['generate']:,} requests. Try them again: aig run {config}")
