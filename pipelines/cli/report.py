"""`aig report` and `aig browse`: look at a build and listen to it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from aig.core.errors import UsageError
from aig.pipelines.cli.options import ConfigArgument
from aig.pipelines.cli.output import JsonFlag, print_json, say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("report")(report)
    app.command("browse")(browse)


def report(
    config: ConfigArgument,
    clips: Annotated[int, typer.Option(min=0, max=500, help="How many sample clips to embed, 60 kB each.")] = 30,
    json: JsonFlag = False,
) -> None:
    """Writes one HTML page with plots, samples to hear, drops, quarantine and cost; it opens without a network."""
    from aig.core.extras import need

    need("look")
    from aig.pipelines.configuration import load
    from aig.pipelines.views.report.page import write_report
    from aig.pipelines.workspace.workspace import Workspace

    configuration = load(config)
    address = write_report(configuration, Workspace(configuration.workspace), clips=clips)
    if json:
        print_json({"report": address})
    else:
        typer.echo(address)
        say("Open it in a browser; it is one file, so it can be passed on (mind the licences of the audio in it).")


def browse(
    target: Annotated[
        str,
        typer.Argument(metavar="PATH|CONFIG", help="A published set, or a configuration (.yaml).", show_default=False),
    ],
    audio: Annotated[
        list[str] | None,
        typer.Option("--audio", metavar="DATASET=DIR", help="Where a dataset's audio is; may be given more than once."),
    ] = None,
    marks: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where marks go: <workspace>/marks.jsonl, or ./marks.jsonl.")
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Others can reach anything but loopback.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any that is free.")] = 0,
    open_page: Annotated[bool, typer.Option("--open", help="Open a web browser too.")] = False,
) -> None:
    """Serves a local web app: filter rows, listen, see where each comes from, compare prompts, mark good and bad."""
    import webbrowser

    from aig.core.extras import need

    need("look")
    from aig.pipelines.views.browse.serve import open_site, prepare

    roots = {}
    for item in audio or []:
        name, _, folder = item.partition("=")
        if not folder or not Path(folder).is_dir():
            raise UsageError(
                f"--audio {item}: no such folder", "Write --audio DATASET=DIR, such as --audio fsd50k=/data."
            )
        roots[name] = str(Path(folder).resolve())
    served = prepare(open_site(target, marks, roots), host=host, port=port)
    if host not in ("127.0.0.1", "::1", "localhost"):
        say(f"Anybody who can reach {host} and has the address below can read this set and hear its audio.")
    typer.echo(served.address)
    say("Ctrl+C ends it.")
    if open_page:
        webbrowser.open(served.address)
    served.run()
