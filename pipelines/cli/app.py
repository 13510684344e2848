"""The command line's root: which commands there are, and from which module each comes."""

from __future__ import annotations

import importlib

import typer

__all__ = ["app"]

app = typer.Typer(
    name="aig",
    help="Audio instruction generation: open audio datasets in, audio question answering out.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

for _area in ():
    importlib.import_module(f"pipelines.cli.{_area}").register(app)
