"""The `aig` command. Each module here holds the commands of one area; heavy imports happen inside them."""

from __future__ import annotations

import os
import sys

__all__ = ["main"]


def main() -> None:
    """Entry point of the `aig` command: runs it and ends with the exit status DESIGN promises."""
    try:
        from aig.pipelines.cli.app import app
        from aig.pipelines.cli.output import run

        status = run(app)
    except KeyboardInterrupt:  # while it was still importing
        status = 130
    if status > 128:  # threads and queries interrupted by a signal may crash an interpreter that takes itself down
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)
    sys.exit(status)
