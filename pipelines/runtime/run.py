"""A run: one snapshot of its configuration, its workspace, its workers, and the record of what it did and how fast.

The configuration is read once. The flow, its stages and their workers all go by that copy, whatever becomes of the file
meanwhile, and it is kept with the figures of the run in `runs/<when>-<id>.json` of the workspace.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
import uuid
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from prefect.client.schemas.objects import State
from prefect.runtime import deployment

import aig
from aig.pipelines.configuration import Configuration, load
from aig.pipelines.runtime import prefect_artifacts, prefect_events
from aig.pipelines.runtime.lock import only_run
from aig.pipelines.runtime.progress import Progress, listening
from aig.pipelines.runtime.runners import Runner, workers_of
from aig.pipelines.runtime.storage_errors import explained
from aig.pipelines.workspace.held import Held
from aig.pipelines.workspace.run_records import RUNS
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["Run", "opened", "snapshot_of"]


@dataclass
class _Record:
    """What is kept of a run.

    Attributes:
        configuration: the snapshot.
        workspace: the run's.
        name: of the record's file.
        stages: by stage, `seconds`, items `worked` on, and their `unit`.
        steps: by title of a piece of work, items done, their unit and seconds.
    """

    configuration: Configuration
    workspace: Held
    name: str = ""
    started: float = 0.0
    stages: dict[str, dict[str, Any]] = field(default_factory=dict)
    steps: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, progress: Progress) -> None:
        """Takes note of how far a piece of work has come."""
        seconds = round(time.monotonic() - progress.started, 3)
        self.steps[progress.title] = {"done": progress.done, "unit": progress.unit, "seconds": seconds}

    def write(self, workspace: Workspace, outcome: str) -> None:
        """Writes the record as it is now."""
        content = {
            "started": datetime.fromtimestamp(self.started, UTC).isoformat(timespec="seconds"),
            "seconds": round(time.time() - self.started, 1),
            "outcome": outcome,
            "version": aig.__version__,
            "workers": workers_of(self.configuration.runner),
            "cores": os.cpu_count() if self.configuration.runner.address is None else None,
            "stages": self.stages,
            "steps": self.steps,
            "configuration": self.configuration.model_dump(mode="json"),
        }
        workspace.write_text(json.dumps(content, indent=1) + "\n", RUNS, self.name)


@dataclass(frozen=True)
class Run:
    """What a flow works with.

    Attributes:
        configuration: as it was when the run began.
        workspace: the configuration's, this run's alone; all stages of a run have the same.
        runner: whose workers do the batches; started with the first.
        stages: what is known of the stages of this run so far, by name: `seconds`, items `worked` on, their `unit`.
    """

    configuration: Configuration
    workspace: Held
    runner: Runner
    stages: dict[str, dict[str, Any]]
    _record: _Record
    _stage: str
    _started: float

    def finished(self, result: Any, *, worked: int, quarantined: int, what: str = "clips") -> State[Any]:
        """The state in which a flow ends that did not fail; see `aig.pipelines.runtime.prefect_artifacts.finished`."""
        if self._stage:
            seconds = round(time.monotonic() - self._started, 1)
            self.stages[self._stage] = {"seconds": seconds, "worked": worked, "unit": what}
            self._record.write(self.workspace, "running")
        return prefect_artifacts.finished(result, worked=worked, quarantined=quarantined, what=what)


_records: ContextVar[dict[str, _Record] | None] = ContextVar("records", default=None)


@contextlib.contextmanager
def snapshot_of(configuration_file: str, configuration: Configuration) -> Iterator[None]:
    """Inside the block, flows that are given this file go by this configuration."""
    before = _records.get() or {}
    token = _records.set({**before, configuration_file: _Record(configuration, Held(configuration.workspace))})
    try:
        yield
    finally:
        _records.reset(token)


@contextlib.contextmanager
def opened(configuration_file: str, stage: str = "") -> Iterator[Run]:
    """Opens the workspace of a configuration for a flow; the first flow to do so in a process makes the snapshot.

    Args:
        configuration_file: path of the YAML configuration.
        stage: name of the stage the flow is, which then shows its progress; empty for a whole build.
    """
    for name in ("aig", "generators", "extractors"):  # PREFECT_LOGGING_EXTRA_LOGGERS gives them handlers, no level
        logging.getLogger(name).setLevel(logging.INFO)
    with contextlib.ExitStack() as stack:
        record = (_records.get() or {}).get(configuration_file)
        if record is None:
            stack.enter_context(snapshot_of(configuration_file, load(configuration_file)))
            record = (_records.get() or {})[configuration_file]
        configuration = record.configuration
        workspace = record.workspace
        wait_s = configuration.runner.wait_s if deployment.id else 0.0
        stack.enter_context(only_run(workspace.root, wait_s=wait_s))
        stack.enter_context(prefect_events.telling())
        stack.enter_context(explained(workspace.root))
        if not record.name:
            stack.enter_context(_recorded(record, workspace))
        if stage:
            stack.enter_context(listening(prefect_artifacts.ProgressReport(workspace)))
        runner = stack.enter_context(Runner(configuration.runner))
        yield Run(configuration, workspace, runner, record.stages, record, stage, time.monotonic())


@contextlib.contextmanager
def _recorded(record: _Record, workspace: Workspace) -> Iterator[None]:
    record.started = time.time()
    record.name = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}-{uuid.uuid4().hex[:8]}.json"
    record.write(workspace, "running")
    outcome = "failed"
    try:
        with listening(record):
            yield
        outcome = "completed"
    finally:
        record.write(workspace, outcome)
