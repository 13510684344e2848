"""The records that runs leave in a workspace: when, how long, how fast, and by which configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from aig.pipelines.workspace.workspace import Workspace

__all__ = ["RUNS", "run_records"]

RUNS = "runs"
"""Folder of the workspace with a record per run, `<when>-<id>.json`."""


def run_records(workspace: Workspace) -> Iterator[dict[str, Any]]:
    """What is kept of each run, the latest first.

    Keys: `started` (ISO 8601), `seconds`, `outcome` (`running`, `completed` or `failed`), `version`, `workers` and
    `cores` (of this machine, `None` where the workers are elsewhere), `stages` (by name: `seconds`, `worked`, `unit`),
    `steps` (by title: `done`, `unit`, `seconds`) and `configuration`.
    """
    for name in reversed(workspace.files(RUNS)):
        if name.endswith(".json") and (record := workspace.read_json(RUNS, name)):
            yield record
