"""What a worker does with a batch. Worker processes import this module and what it needs, and not Prefect."""

from __future__ import annotations

from typing import Any

from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.watchdog import end_when_stuck
from aig.pipelines.stages.extract import measure_batch
from aig.pipelines.stages.generate.plan import BucketJob
from aig.pipelines.stages.generate.write import write_bucket as write_pairs
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["measure", "write_bucket"]


def measure(
    workspace: Workspace,
    name: str,
    root: str,
    clips: list[Any],
    known: dict[str, Any],
    settings: Any,
    stuck_after_s: float,
) -> dict[str, int]:
    """Measures a batch of clips.

    Raises:
        UsageError: a library that is installed does not load.
    """
    from aig.extractors import ready  # what a forked worker was forked with

    ready.see_that_libraries_load()
    with end_when_stuck(stuck_after_s) as alive:
        return measure_batch(workspace, name, root, clips, known, settings, alive)


def write_bucket(
    configuration: Configuration, workspace: Workspace, job: BucketJob, stuck_after_s: float
) -> dict[str, int]:
    """Makes the pairs of a bucket of clips."""
    with end_when_stuck(stuck_after_s):
        return write_pairs(configuration, workspace, job)
