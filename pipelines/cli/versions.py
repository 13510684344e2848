"""`aig versions`, `aig diff` and `aig rollback`: what was published, what changed, and back again."""

from __future__ import annotations

from typing import Annotated

import typer

from aig.pipelines.cli.options import ConfigArgument
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

__all__ = ["register"]

SetArgument = typer.Argument(help="A published set: a folder or an address.", show_default=False)


def register(app: typer.Typer) -> None:
    """Adds this module's commands."""
    app.command("versions")(versions)
    app.command("diff")(diff)
    app.command("rollback")(rollback)


def versions(config: ConfigArgument, json: JsonFlag = False) -> None:
    """Lists the published versions that are kept, and which of them readers see."""
    from aig.pipelines.configuration import load
    from aig.pipelines.workspace import versions as kept
    from aig.pipelines.workspace.workspace import Workspace

    workspace = Workspace(load(config).workspace)
    now = kept.current(workspace)
    rows = [
        {
            "version": version.name,
            "published": version.published,
            "rows": version.rows,
            "current": now is not None and version.name == now.name,
            "address": version.url(workspace),
        }
        for version in kept.versions(workspace)
    ]
    if json:
        print_json({"versions": rows})
        return
    if not rows:
        say(f"Nothing is published yet: aig publish {config}")
        return
    print_table("Published versions", tuple(rows[0]), [tuple(row.values()) for row in rows])


def diff(before: Annotated[str, SetArgument], after: Annotated[str, SetArgument], json: JsonFlag = False) -> None:
    """Shows how two published sets differ: rows, clips, tasks, prompts, and how many pairs came and went."""
    from aig.pipelines.views.set_difference import set_difference

    found = set_difference(before, after)
    if json:
        print_json(found)
        return
    print_table(
        f"Rows: {found['rows'][0]:,} before, {found['rows'][1]:,} after",
        ("dataset", "task", "before", "after", "added", "removed"),
        [tuple(row.values()) for row in found["counts"] if row["before"] != row["after"] or row["added"]],
    )
    clips = [(name, *both) for name, both in found["clips"].items() if both[0] != both[1]]
    if clips:
        print_table("Clips", ("dataset", "before", "after"), clips)
    if found["build"]:
        print_table("Build", ("what", "before", "after"), [(name, *both) for name, both in found["build"].items()])


def rollback(
    config: ConfigArgument,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Which, as `aig versions` lists it.")],
    json: JsonFlag = False,
) -> None:
    """Switches readers to another version of the published set, in one step; every version stays as it is.

    Later runs do not undo it: they publish again once there are other pairs.
    """
    from aig.pipelines.configuration import load
    from aig.pipelines.runtime.lock import only_run
    from aig.pipelines.workspace import versions as kept
    from aig.pipelines.workspace.workspace import Workspace

    workspace = Workspace(load(config).workspace)
    with only_run(workspace.root):
        before = kept.current(workspace)
        wanted = kept.version_named(workspace, version)
        kept.make_current(workspace, wanted)
    url = kept.current_set(workspace)
    if json:
        print_json({"before": before.name if before else None, "current": wanted.name, "shards": url})
        return
    say(f"{url} is now {wanted.name}: {wanted.rows:,} rows, published {wanted.published}.")
