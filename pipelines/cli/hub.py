"""`aig push`: a published set to the Hugging Face hub."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from aig.pipelines.cli.output import JsonFlag, print_json, say
from aig.pipelines.cli.shards import SetArgument

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("push")(push)


def push(
    path: SetArgument,
    repo: Annotated[str, typer.Argument(metavar="OWNER/NAME", help="The repository; it is made where it is missing.")],
    tag: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of this version; the next of v1, v2, ... by default.")
    ] = None,
    audio: Annotated[
        bool, typer.Option("--audio", help="With the audio in the set, where licences let it be passed on.")
    ] = False,
    public: Annotated[
        bool, typer.Option("--public", help="Everybody may read it; private by default.", show_default=False)
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Pushes a set to the Hugging Face hub, a commit and a tag a version; an interrupted push continues."""
    from aig.pipelines.runtime.progress import progress_of
    from aig.shards.hub import push as send

    with progress_of("pushing", unit="bytes") as progress:
        done = send(path, repo, tag=tag, audio=audio, public=public, progress=progress.set)
    if json:
        print_json(asdict(done))
        return
    typer.echo(done.url)
    say(
        f"{done.files} files, {done.bytes:,} bytes."
        if done.changed
        else f"{done.repo} has this very set; nothing was uploaded."
    )
