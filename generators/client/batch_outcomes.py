"""The files of a finished batch: one outcome a line, in whatever shape it comes."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.generators.client.endpoint import Answer

__all__ = ["answer_in", "read_outcomes"]

log = logging.getLogger(__name__)


def read_outcomes(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The outcomes in a file with the names of their requests; lines that are cut or not outcomes are left out."""
    unreadable = 0
    with path.open("rb") as lines:
        for line in lines:
            try:
                outcome = json.loads(line)
            except (ValueError, RecursionError):
                unreadable += bool(line.strip())
                continue
            name = outcome.get("custom_id") if isinstance(outcome, dict) else None
            if isinstance(name, str):
                yield name, outcome
            else:
                unreadable += 1
    if unreadable:
        log.warning("%d lines of a batch's outcome cannot be read; their requests are submitted again", unreadable)


def answer_in(outcome: dict[str, Any]) -> Answer:
    """An outcome as the answer that a live request would have got; one without a response failed in passing."""
    response = outcome.get("response")
    if isinstance(response, dict) and ("body" in response or "status_code" in response):
        status = response.get("status_code", 200)
        return Answer(int(status) if _is_status(status) else 500, {}, json.dumps(response.get("body")).encode())
    error = outcome.get("error") or response or "the batch gave no reply"
    return Answer(200, {}, json.dumps({"error": error}).encode())


def _is_status(value: Any) -> bool:
    return str(value).isascii() and str(value).isdigit() and 100 <= int(str(value)[:6]) < 600
