"""Arguments and options that many commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["ConfigArgument", "OnlyOption"]

ConfigArgument = Annotated[Path, typer.Argument(metavar="CONFIG", help="The configuration file.", show_default=False)]

OnlyOption = Annotated[
    list[str] | None, typer.Option("--only", metavar="DATASET", help="Only this dataset; may be given more than once.")
]
