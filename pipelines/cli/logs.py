"""What commands say beside their result: lines for a person, or one JSON object a line for a collector of logs."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from aig.core.errors import AigError
from aig.core.names import as_text
from aig.pipelines.runtime import progress

__all__ = ["console", "say", "say_error", "set_up"]

console = Console(stderr=True, highlight=False, soft_wrap=True)
"""For progress, logs and messages: standard error."""

_log = logging.getLogger("aig")
_as_json = False


class _StandardError(logging.StreamHandler[Any]):
    """Writes to what `sys.stderr` is at the time, since tests and progress bars replace it."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr


class _Json(logging.Formatter):
    """A line as a JSON object: `time` (ISO 8601, UTC), `level`, `logger`, `message`, and of errors `advice`."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if advice := getattr(record, "advice", ""):
            line["advice"] = advice
        return json.dumps(line, ensure_ascii=False)


def set_up(*, verbose: bool = False, quiet: bool = False, as_json: bool = False) -> None:
    """Has log lines go to standard error.

    Args:
        verbose: with the name of the module that speaks, and Prefect's own lines.
        quiet: warnings and errors alone; no progress.
        as_json: each as a JSON object, those for a person too; no bars.
    """
    global _as_json
    _as_json = as_json
    progress.bars = not (as_json or quiet)
    handler = _StandardError()
    where = "%(name)s: " if verbose else ""
    handler.setFormatter(_Json() if as_json else logging.Formatter(f"%(asctime)s {where}%(message)s", "%F %T"))
    _log.setLevel(logging.WARNING if quiet else logging.DEBUG if verbose else logging.INFO)
    _log.propagate = False
    _log.handlers = [handler]


def say(message: str) -> None:
    """A line for the person at the terminal, as plain text, on standard error."""
    if _as_json:
        _log.info(message)
    elif _log.isEnabledFor(logging.INFO):
        console.print(as_text(message), markup=False)


def say_error(error: AigError) -> None:
    """What is wrong and what to do about it, on standard error."""
    if _as_json:
        _log.error(error.message, extra={"advice": error.advice})
        return
    console.print(as_text(f"Error: {error.message}"), markup=False)
    if error.advice:
        console.print(as_text(f"  What to do: {error.advice}"), markup=False)
