"""The `aig` command. Each module here holds the commands of one area; heavy imports happen inside them."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the `aig` command: runs it and ends with the exit status DESIGN promises."""
    from pipelines.cli.app import app
    from pipelines.cli.output import run

    sys.exit(run(app))
