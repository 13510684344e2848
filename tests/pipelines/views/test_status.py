"""What `aig status` reads off a workspace, and what lifting the quarantine does, without Prefect."""

import json
from pathlib import Path

import pytest

from aig.core.records import Clip, QAPair, Quarantined
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.lock import only_run
from aig.pipelines.runtime.progress import PROGRESS
from aig.pipelines.stages.quarantine import lift
from aig.pipelines.views.status import status
from aig.pipelines.workspace.workspace import Workspace


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    (tmp_path / "clips.jsonl").write_text("")
    return Configuration.model_validate(
        {
            "workspace": str(tmp_path / "workspace"),
            "datasets": {"mine": {"manifest": str(tmp_path / "clips.jsonl")}},
            "generate": {"open_ended": False},
            "extract": {"whisper": None},
        }
    )


def item(name: str, error: str = "unreadable_audio") -> Quarantined:
    return Quarantined(
        dataset="mine", audio_id=f"mine/{name}", stage="extract", error=error, message=name, advice="none"
    )


def test_an_empty_workspace_has_everything_to_do(configuration: Configuration) -> None:
    found = status(configuration, Workspace(configuration.workspace))
    assert [(row["stage"], row["done"], row["failed"]) for row in found["stages"]] == [
        (stage, 0, 0) for stage in ("index", "extract", "select", "generate", "publish")
    ]
    assert found["cost_usd"] == 0
    assert found["running"] is None


def test_clips_that_are_not_measured_are_to_do(configuration: Configuration) -> None:
    workspace = Workspace(configuration.workspace)
    clips = [Clip(audio_id=f"mine/{n}", dataset="mine", path=f"{n}.wav", stamp="1-1") for n in range(3)]
    clips.append(Clip(audio_id="mine/gone", dataset="mine"))
    workspace.write(clips, Clip, "clips", "mine", "part-0.parquet")
    rows = {row["stage"]: row for row in status(configuration, workspace)["stages"]}
    assert rows["index"]["done"] == 4
    assert (rows["extract"]["done"], rows["extract"]["to_do"]) == (0, 3)


def test_a_running_build_is_named_with_the_time_it_needs(configuration: Configuration) -> None:
    workspace = Workspace(configuration.workspace)
    told = {"title": "extract mine", "done": 25, "total": 100, "unit": "clips", "seconds": 10.0}
    workspace.write_text(json.dumps(told), PROGRESS)
    assert status(configuration, workspace)["running"] is None
    with only_run(workspace.root):
        running = status(configuration, workspace)["running"]
    assert running["title"] == "extract mine"
    assert running["seconds_left"] == 30.0


def test_lifting_takes_out_what_is_wanted_and_no_more(configuration: Configuration) -> None:
    workspace = Workspace(configuration.workspace)
    workspace.write(
        [item("a"), item("b", "worker_died")], Quarantined, "quarantine", "extract", "part-mine-x-1.parquet"
    )
    workspace.write([item("c", "worker_died")], Quarantined, "quarantine", "extract", "part-mine-x-2.parquet")
    workspace.write([item("d", "worker_died")], Quarantined, "quarantine", "extract", "part-mine2-x-1.parquet")
    assert lift(workspace, "mine", "extract", lambda found: found.error == "worker_died") == 2
    left = [found.message for found in workspace.records(Quarantined, "quarantine", "extract")]
    assert left == ["a", "d"]


def test_lifting_a_request_has_its_bucket_made_again(configuration: Configuration) -> None:
    workspace = Workspace(configuration.workspace)
    workspace.write([item("a")], Quarantined, "quarantine", "generate", "part-mine-open_speech-00000-abc.parquet")
    workspace.write([], QAPair, "qa", "mine", "open_speech", "part-00000-abc.parquet")
    workspace.write([], QAPair, "qa", "mine", "open_speech", "part-00001-def.parquet")
    assert lift(workspace, "mine", "generate", lambda _: True) == 1
    assert workspace.parts("qa", "mine", "open_speech") == ["part-00001-def.parquet"]
