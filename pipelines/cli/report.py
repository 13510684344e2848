"""`aig report` and `aig browse`: look at a build and listen to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pipelines.cli.output import JsonFlag, print_json, say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("report")(report)


def report(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="The configuration file.", show_default=False)],
    clips: Annotated[int, typer.Option(min=0, max=500, help="How many sample clips to embed, 60 kB each.")] = 30,
    json: JsonFlag = False,
) -> None:
    """Writes one HTML page with plots, samples to hear, drops, quarantine and cost; it opens without a network."""
    from pipelines.configuration import load
    from pipelines.report.page import write_report
    from pipelines.workspace import Workspace

    configuration = load(config)
    address = write_report(configuration, Workspace(configuration.workspace), clips=clips)
    if json:
        print_json({"report": address})
    else:
        typer.echo(address)
        say("Open it in a browser; it is one file, so it can be passed on (mind the licences of the audio in it).")
