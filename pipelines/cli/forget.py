"""`aig forget`: a clip, or a speaker's clips, and all that was made of them, go everywhere."""

from __future__ import annotations

from typing import Annotated

import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.options import ConfigArgument
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("forget")(forget)


def forget(
    config: ConfigArgument,
    clips: Annotated[list[str] | None, typer.Argument(metavar="[CLIP]...", help="Ids, such as mine/a.wav.")] = None,
    speaker: Annotated[
        list[str] | None,
        typer.Option(metavar="DATASET/SPEAKER", help="All clips of a speaker, present and future; may be repeated."),
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Removes clips and all that was made of them, for good: tables, replies, pairs, every published version.

    They do not come back with the next run, and a receipt says what went. The audio itself, exports and copies outside
    of the workspace are yours to remove.
    """
    from aig.pipelines.configuration import load
    from aig.pipelines.runtime.lock import only_run
    from aig.pipelines.stages.forget import forget as forget_clips
    from aig.pipelines.views.report.page import REPORT, write_report
    from aig.pipelines.workspace.workspace import Workspace

    if not clips and not speaker:
        raise UsageError("nothing is named", "Name clips, or a speaker: aig forget CONFIG --speaker DATASET/SPEAKER.")
    configuration = load(config)
    workspace = Workspace(configuration.workspace)
    with only_run(workspace.root):
        receipt = forget_clips(configuration, workspace, clips or (), speaker or ())
        if workspace.exists(REPORT):
            write_report(configuration, workspace)
    if json:
        print_json(receipt)
        return
    rows = [*receipt["rows"].items(), ("replies", receipt["replies"])]
    print_table(f"Forgotten: {len(receipt['clips'])} clips", ("what", "removed"), rows)
    if receipt["versions"]:
        typer.echo(
            f"Published versions removed: {', '.join(receipt['versions'])}; now: {receipt['published'] or 'none'}"
        )
    typer.echo(f"Receipt: {receipt['receipt']}")
    say("The audio files, exports and copies outside of the workspace are not touched.")
