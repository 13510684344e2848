"""How every `aig` command speaks: results on standard output, everything else on standard error, one exit status."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from aig.core.errors import AigError
from aig.core.extras import explain_missing
from aig.core.names import as_text
from aig.pipelines.cli.boundary import explain_unexpected, never_proxy_loopback
from aig.pipelines.cli.logs import console, say, say_error, set_up
from aig.pipelines.runtime.shutdown import INTERRUPTED

__all__ = ["JsonFlag", "console", "print_json", "print_table", "run", "say"]

_INTERRUPTED = (130, 143)
"""Exit statuses of a command that Ctrl-C or SIGTERM ended."""

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output, nothing else there.")]
"""The `--json` option of every reporting command."""


def print_json(value: dict[str, Any]) -> None:
    """The one JSON object of a `--json` run, on standard output."""
    sys.stdout.write(as_text(json.dumps(value, ensure_ascii=False)) + "\n")
    sys.stdout.flush()


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table on standard output; cells are text, never markup; numbers stand to the right."""
    table = Table(title=title, title_justify="left", title_style="bold")
    cells = [list(row) for row in rows]
    for index, column in enumerate(columns):
        numeric = bool(cells) and all(isinstance(row[index], int | float) for row in cells)
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in cells:
        table.add_row(*(_cell(value) for value in row))
    Console(highlight=False, markup=False).print(table)


def _cell(value: object) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: ""}[value]
    return f"{value:,}" if isinstance(value, int) else str(value)


def run(app: typer.Typer) -> int:
    """Runs the command line and returns its exit status: 0, 1 (data), 2 (call, configuration), 130, 143 (signals)."""
    set_up()
    never_proxy_loopback()
    try:
        app()
    except AigError as error:
        return _told(error)
    except ModuleNotFoundError as error:
        explained = explain_missing(error)
        return _told(explained or explain_unexpected(error))
    except Exception as error:  # noqa: BLE001 - the outermost boundary
        return _told(explain_unexpected(error))
    except SystemExit as end:
        if end.code in _INTERRUPTED:
            say(INTERRUPTED)
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    return 0


def _told(error: AigError) -> int:
    say_error(error)
    return error.exit_code
