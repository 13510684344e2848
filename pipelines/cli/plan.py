"""`aig plan`: what a run would do and why, and what it would cost, before anything is done."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

import typer

from aig.pipelines.cli.options import ConfigArgument, OnlyOption
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("plan")(plan)


def plan(
    config: ConfigArgument,
    only: OnlyOption = None,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, help="Model a whole build on this number of workers.")
    ] = None,
    machines: Annotated[
        list[str] | None,
        typer.Option(
            "--machines",
            metavar="[STAGE=][COUNTx]CORES@DOLLARS",
            help="What they run on, at what price an hour: 16@0.68, or extract=8x1@2.50; may be given more than once.",
        ),
    ] = None,
    clips: Annotated[
        int | None, typer.Option("--clips", min=1, help="Model a build of this number of clips, not of those here.")
    ] = None,
    seconds: Annotated[
        list[str] | None,
        typer.Option(
            "--seconds", metavar="STAGE=SECONDS", help="Time of one core an item, instead of the measured one."
        ),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Shows what `aig run` would do and why: clips, requests, dollars, time, disk, rows. Nothing is done.

    Works without audio too: rows by rule are reckoned from the annotations. With --workers, --machines or --clips it
    also shows what a whole build takes on these machines, by how long earlier runs took.
    """
    from aig.pipelines.configuration import load
    from aig.pipelines.preflight import check, chosen_datasets
    from aig.pipelines.views.plan import plan_run
    from aig.pipelines.views.scale import build_model, measured_rates, parse_fleet, parse_seconds
    from aig.pipelines.workspace.run_records import run_records
    from aig.pipelines.workspace.workspace import Workspace

    configuration = load(config)
    names = chosen_datasets(configuration, only)
    check(configuration, names, ("index",))
    workspace = Workspace(configuration.workspace)
    fleet, given = parse_fleet(workers, machines or ()), parse_seconds(seconds or ())
    found = plan_run(configuration, workspace, names)
    if workers or machines or clips or seconds:
        rates = replace(measured_rates(run_records(workspace)), given=given)
        new = sum(step["clips"] for step in found["steps"] if step["stage"] == "index")
        here = sum(workspace.count("part", "clips", name) for name in names)
        found["model"] = build_model(configuration, clips or here or new, rates, fleet)
    if json:
        print_json(found)
        return
    _show(found, configuration.generate.model)
    if "model" in found:
        _show_model(found["model"])


def _show_model(found: dict[str, Any]) -> None:
    print_table(
        f"A build of {found['clips']:,} clips on {found['workers']:,} workers",
        ("stage", "in", "items", "s each", "from", "on", "hours", "dollars"),
        [
            (
                stage["stage"],
                stage["place"],
                f"{stage['items']:,} {stage['unit']}",
                f"{stage['seconds_each']:.3g}",
                stage["known_from"],
                stage["machines"],
                f"{stage['hours']:,.2f}",
                f"{stage['dollars']:,.2f}",
            )
            for stage in found["stages"]
        ],
    )
    typer.echo(
        f"Together {found['hours']:,.1f} h and ${found['dollars']:,.2f} for machines; {found['coordinator_share']:.1%} "
        "of the time in the coordinator, which no worker shortens. The model's price: aig estimate."
    )


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
