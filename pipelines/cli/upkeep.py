"""`aig clean` and `aig check`: the workspace's upkeep."""

from __future__ import annotations

from typing import Annotated

import typer

from aig.pipelines.cli.options import ConfigArgument
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("clean")(clean)
    app.command("check")(check)


def clean(
    config: ConfigArgument,
    yes: Annotated[bool, typer.Option("--yes", help="Remove it; without, it is only listed.")] = False,
    json: JsonFlag = False,
) -> None:
    """Lists what no build of this configuration and no kept version needs any more; with --yes, removes it."""
    from aig.pipelines.configuration import load
    from aig.pipelines.runtime.lock import only_run
    from aig.pipelines.views import upkeep
    from aig.pipelines.workspace.workspace import Workspace

    configuration = load(config)
    workspace = Workspace(configuration.workspace)
    with only_run(workspace.root, reads=not yes):
        found = upkeep.leftovers(configuration, workspace)
        if yes:
            upkeep.clean(workspace, found)
    total = sum(leftover.bytes for leftover in found)
    if json:
        print_json({"leftovers": upkeep.as_rows(found), "bytes": total, "removed": yes})
        return
    if not found:
        say("Nothing to clean.")
        return
    print_table("Not needed any more", ("place", "why", "bytes"), [(one.place, one.why, one.bytes) for one in found])
    done = "Removed" if yes else f"To remove them: aig clean {config} --yes. They take"
    say(f"{done} {total / 1e6:,.1f} MB.")


def check(config: ConfigArgument, json: JsonFlag = False) -> None:
    """Checks the workspace itself: every table readable, no id twice, every pair with clip and reply, sums, the set."""
    from aig.pipelines.configuration import load
    from aig.pipelines.runtime.lock import only_run
    from aig.pipelines.views import upkeep
    from aig.pipelines.workspace.workspace import Workspace

    configuration = load(config)
    workspace = Workspace(configuration.workspace)
    with only_run(workspace.root, reads=True):
        found = upkeep.check_workspace(configuration, workspace)
    if json:
        print_json({"ok": not found, "findings": upkeep.as_rows(found)})
    elif found:
        rows = [(one.place, one.message, one.advice) for one in found]
        print_table("Invalid", ("place", "what", "what to do"), rows)
    else:
        typer.echo("Valid: every table can be read, and clips, pairs, replies and the published set fit together.")
    if found:
        raise typer.Exit(1)
