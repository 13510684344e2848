"""`aig plan`: what a run would do and why, and what it would cost, before anything is done."""

from __future__ import annotations

from typing import Any

import typer

from aig.pipelines.cli.options import ConfigArgument, OnlyOption
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("plan")(plan)


def plan(config: ConfigArgument, only: OnlyOption = None, json: JsonFlag = False) -> None:
    """Shows what `aig run` would do and why: clips, requests, dollars, time, disk, rows. Nothing is done.

    Works without audio too: rows by rule are reckoned from the annotations.
    """
    from aig.pipelines.configuration import load
    from aig.pipelines.preflight import check, chosen_datasets
    from aig.pipelines.views.plan import plan_run
    from aig.pipelines.workspace.workspace import Workspace

    configuration = load(config)
    names = chosen_datasets(configuration, only)
    check(configuration, names, ("index",))
    found = plan_run(configuration, Workspace(configuration.workspace), names)
    if json:
        print_json(found)
    else:
        _show(found, configuration.generate.model)


def _show(found: dict[str, Any], model: str) -> None:
    steps = [step for step in found["steps"] if step["why"]]
    if steps:
        print_table(
            "To do",
            ("stage", "dataset", "clips", "why", "about"),
            [
                (step["stage"], step["dataset"], step["clips"], "; ".join(step["why"]), _time(step["seconds"]))
                for step in steps
            ],
        )
    else:
        typer.echo("Nothing to do: all is up to date.")
    money = found["requests"]
    typer.echo(
        f"Requests to {model}: {money['calls']:,} to send, {money['cached']:,} cached; about ${money['live_usd']:,.4f} "
        f"live, ${money['batch_usd']:,.4f} by batch, ${money['most_usd']:,.4f} at most"
    )
    for name in found["measure_first"]:
        say(f"{name}: clips are measured first, so the requests about them are not counted yet.")
    if found["rows"]:
        print_table(
            "Rows (made by rule: about)",
            ("task", "published now", "by rule, audio here", "by rule, all audio", "paper"),
            [(row["task"], row["now"], row["made"], row["annotated"], row["paper"]) for row in found["rows"]],
        )
    disk = found["disk"]
    room = "" if disk["free"] is None else f"; {disk['free'] / 1e9:,.1f} GB free"
    if disk["published"] is not None:
        typer.echo(f"Disk: the published set has {disk['published'] / 1e9:,.3f} GB{room}")
    elif room:
        typer.echo(f"Disk:{room.removeprefix(';')}")
    typer.echo(f"Time: {_time(found['seconds'])}" + ("" if found["seconds"] else " (no earlier run did such work)"))


def _time(seconds: float | None) -> str:
    if seconds is None:
        return "not known"
    if seconds < 120:
        return f"{seconds:,.0f} s"
    return f"{seconds / 60:,.0f} min" if seconds < 7200 else f"{seconds / 3600:,.1f} h"
