"""The command line's root: which commands there are, and from which module each comes."""

from __future__ import annotations

import importlib
from typing import Annotated

import typer

import aig
from aig.pipelines.cli.logs import set_up

__all__ = ["app"]

app = typer.Typer(
    name="aig",
    help="Audio instruction generation: open audio datasets in, audio question answering out.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Say which module speaks, and what Prefect says.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Say warnings and errors alone; no progress.")] = False,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Log lines as JSON objects, for a collector of logs; no bars.")
    ] = False,
) -> None:
    set_up(verbose=verbose, quiet=quiet, as_json=log_json)
    if version:
        typer.echo(aig.__version__)


AREAS: tuple[str, ...] = (
    "demo",
    "datasets",
    "pull",
    "build",
    "plan",
    "operations",
    "deploy",
    "versions",
    "forget",
    "upkeep",
    "levels",
    "prompts",
    "regenerate",
    "generation",
    "report",
    "shards",
    "exports",
    "hub",
    "import_rows",
    "schema",
)
"""Modules of `aig.pipelines.cli`, each with `register(app)`, in the order of `aig --help`."""

for _area in AREAS:
    importlib.import_module(f"aig.pipelines.cli.{_area}").register(app)
