"""A run goes by one copy of its configuration and leaves a record."""

from pathlib import Path

import pytest

from aig.core.errors import DataError
from aig.pipelines.configuration import load
from aig.pipelines.runtime import run as running
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.workspace.run_records import run_records
from aig.pipelines.workspace.workspace import Workspace

CONTENT = "workspace: ./w\nseed: {seed}\ndatasets:\n  mine: {{manifest: m.jsonl}}\n"


def test_a_configuration_edited_in_mid_run_is_not_read_again(tmp_path: Path) -> None:
    file = tmp_path / "aig.yaml"
    file.write_text(CONTENT.format(seed=0))
    with running.opened(str(file)) as build:
        file.write_text(CONTENT.format(seed=7))
        with running.opened(str(file)) as stage, progress_of("index mine") as progress:
            assert stage.configuration == build.configuration
            assert stage.configuration.seed == 0
            progress.advance(3)
    with running.opened(str(file)) as later:
        assert later.configuration.seed == 7
    records = list(run_records(Workspace(str(tmp_path / "w"))))
    assert [(record["configuration"]["seed"], record["outcome"]) for record in records] == [
        (7, "completed"),
        (0, "completed"),
    ]
    assert records[1]["steps"]["index mine"]["done"] == 3


def test_a_command_hands_its_own_copy_to_the_flow(tmp_path: Path) -> None:
    file = tmp_path / "aig.yaml"
    file.write_text(CONTENT.format(seed=0))
    configuration = load(file)
    with running.snapshot_of(str(file), configuration):
        file.write_text("no longer a configuration")
        with running.opened(str(file)) as run:
            assert run.configuration == configuration


def test_a_run_that_fails_says_so_in_its_record(tmp_path: Path) -> None:
    file = tmp_path / "aig.yaml"
    file.write_text(CONTENT.format(seed=0))
    with pytest.raises(DataError), running.opened(str(file)):
        raise DataError("too much in quarantine")
    (record,) = run_records(Workspace(str(tmp_path / "w")))
    assert record["outcome"] == "failed"
