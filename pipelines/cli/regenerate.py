"""`aig regenerate`: new questions and answers for one prompt, beside those of the prompt in use."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from aig.pipelines.cli.options import ConfigArgument
from aig.pipelines.cli.output import JsonFlag, print_json, print_table, say

__all__ = ["register"]


def register(app: typer.Typer) -> None:
    """Adds this module's command."""
    app.command("regenerate")(regenerate)


def regenerate(
    config: ConfigArgument,
    prompt: Annotated[
        str, typer.Option(metavar="NAME", help="The prompt to ask, such as speech@2.", show_default=False)
    ],
    sample: Annotated[
        int | None, typer.Option(min=1, help="Try it on N clips and write no pairs.", show_default=False)
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Asks one prompt about its clips and compares it with the prompt in use; everything else stays untouched."""
    from aig.pipelines.configuration import load
    from aig.pipelines.regeneration.page import figure_rows, write_page
    from aig.pipelines.regeneration.run import regenerate as ask_anew
    from aig.pipelines.runtime.lock import only_run
    from aig.pipelines.runtime.progress import progress_of
    from aig.pipelines.workspace.workspace import Workspace

    configuration = load(config)
    workspace = Workspace(configuration.workspace)
    with only_run(configuration.workspace), progress_of(f"ask {prompt}", sample, unit="replies") as progress:
        result = ask_anew(
            configuration,
            workspace,
            prompt,
            sample=sample,
            on_progress=lambda now: progress.set(now.answered + now.cached + now.failed),
        )
    page = write_page(workspace, result)
    summary, before, after = result.summary, result.before, result.after
    if json:
        print_json(
            {
                "prompt": after.prompt,
                "beside": before.prompt,
                "clips": result.clips,
                "written": result.written,
                "requests": {
                    "sent": summary.sent,
                    "answered": summary.answered,
                    "cached": summary.cached,
                    "failed": summary.failed,
                },
                "cost_usd": float(summary.cost_usd),
                "figures": {"before": asdict(before), "after": asdict(after)},
                "page": page,
            }
        )
        return
    print_table(f"{len(result.beside)} clips compared", ("figure", before.prompt, after.prompt), figure_rows(result))
    typer.echo(f"Page: {page}")
    if result.clips_before < len(result.beside):
        missing = len(result.beside) - result.clips_before
        say(f"{before.prompt} was never asked about {missing} of these clips; it is compared on the others.")
    if summary.failures:
        say(f"{summary.failed} requests were given up: {summary.failures[0].message}")
        say(f"  What to do: {summary.failures[0].advice}")
    if result.written is None:
        say(f"No pairs were written. For all clips: aig regenerate {config} --prompt {after.prompt}")
    else:
        say(f"{result.written:,} pairs written. Name {after.prompt} under `generate: questions: prompts:` in {config},")
        say(f"or the next run goes back to {before.prompt}; then `aig publish {config}`.")
