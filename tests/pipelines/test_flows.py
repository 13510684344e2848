"""The main job as a user runs it: real clips, real weights, a server that speaks the real protocol."""

import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

import datasets
import pyarrow.parquet as pq
import pytest
import yaml

from aig.generators.mock_server.server import MockServer
from aig.pipelines.demo import corpus, weights
from aig.pipelines.workspace.workspace import Workspace

pytestmark = pytest.mark.slow

COLUMNS = ["instruction", "input", "audio_id", "dataset", "task", "output"]


def aig(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("aig")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, **environment}, timeout=600)


@dataclass
class Built:
    configuration: Path
    sums: dict[str, Any]
    stderr: str
    clips: list[dict[str, Any]]

    @property
    def workspace(self) -> Path:
        return self.configuration.parent / "workspace"

    @property
    def shards(self) -> Path:
        return self.workspace / "shards"

    @property
    def bytes(self) -> dict[str, bytes]:
        return {str(file.relative_to(self.shards)): file.read_bytes() for file in self.shards.rglob("*.*")}


@pytest.fixture(scope="module")
def server():
    with MockServer() as running:
        yield running


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, server: MockServer) -> Built:
    folder = tmp_path_factory.mktemp("build")
    manifest = corpus.gather(folder / "corpus")
    configuration = folder / "build.yaml"
    content = {
        "workspace": "./workspace",
        "datasets": {"mine": {"manifest": "corpus/manifest.jsonl", "licence": "see each clip"}},
        "extract": {"whisper": {"model": str(weights.whisper_folder())}},
        "generate": {"model": "mock", "base_url": server.url, "prices": {"mock": {"input": 0, "output": 0}}},
        "runner": {"batch_clips": 9},
    }
    configuration.write_text(yaml.safe_dump(content), encoding="utf-8")
    done = aig("run", str(configuration), "--json")
    assert done.returncode == 0, done.stderr
    clips = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    return Built(configuration, json.loads(done.stdout), done.stderr, clips)


def test_every_clip_is_in_one_place_and_the_broken_one_in_quarantine(built: Built) -> None:
    clips = built.sums["clips"]
    assert clips["read"] == len(built.clips) >= 25
    assert clips["read"] == sum(clips[key] for key in ("missing_audio", "quarantined", "dropped", "kept"))
    assert clips["quarantined"] == 1
    workspace = Workspace(str(built.workspace))
    (refused,) = workspace.batches(
        workspace.url("quarantine", "extract", part) for part in workspace.parts("quarantine", "extract")
    )
    (row,) = refused.to_pylist()
    assert "broken" in row["audio_id"] or "truncated" in row["audio_id"]
    assert row["stage"] == "extract"
    assert row["message"]
    assert row["advice"]


def test_the_run_is_silent_but_for_its_own_lines(built: Built) -> None:
    for noise in ("Traceback", "locked", "Warning", "prefect", "Prefect", "telemetry"):
        assert noise not in built.stderr


def test_closed_and_open_ended_rows_were_made_and_every_request_answered(built: Built) -> None:
    qa, requests = built.sums["qa"], built.sums["requests"]
    assert qa["closed"] > 100
    assert qa["open"] > 50
    assert requests["sent"] == requests["answered"] == built.sums["clips"]["kept"]
    assert requests["failed"] == qa["quarantined"] == 0


def test_a_trainer_loads_the_set_and_stage_1_with_exactly_six_columns(built: Built) -> None:
    everything = datasets.load_dataset(str(built.shards), split="train")
    stage1 = datasets.load_dataset(str(built.shards), "stage1", split="train")
    assert everything.column_names == stage1.column_names == COLUMNS
    assert everything.num_rows == built.sums["qa"]["closed"] + built.sums["qa"]["open"]
    assert 0 < stage1.num_rows < everything.num_rows
    assert not any(task.startswith(("temporal", "open", "caption")) for task in set(stage1["task"]))
    assert all(output for output in everything["output"])


def test_speech_is_transcribed_right_to_a_few_words(built: Built) -> None:
    parts = sorted((built.workspace / "features" / "mine").glob("part-*.parquet"))
    heard = {row["audio_id"]: row for part in parts for row in pq.read_table(part).to_pylist()}
    spoken = [clip for clip in built.clips if clip.get("text") and clip["path"].startswith("speech/")]
    assert len(spoken) >= 6
    words = missed = 0
    for clip in spoken:
        said = _words(clip["text"])
        recognised = _words(heard[f"mine/{clip.get('audio_id', clip['path'])}"]["transcript"])
        matched = sum(
            block.size for block in SequenceMatcher(None, said, recognised, autojunk=False).get_matching_blocks()
        )
        assert len(said) - matched <= max(4, 0.35 * len(said)), (clip["path"], recognised)
        words, missed = words + len(said), missed + len(said) - matched
    assert missed <= 0.12 * words, f"{missed} of {words} words missed"


def _words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9']+", text.lower())


def test_a_second_run_asks_nothing_and_changes_no_byte(built: Built) -> None:
    before = built.bytes
    again = aig("run", str(built.configuration), "--json")
    assert again.returncode == 0, again.stderr
    sums = json.loads(again.stdout)
    assert sums["requests"]["sent"] == 0
    assert sums["clips"] == built.sums["clips"]
    assert sums["qa"] == built.sums["qa"]
    assert built.bytes == before


def test_the_same_build_elsewhere_with_other_workers_gives_the_same_bytes(built: Built, tmp_path: Path) -> None:
    content = yaml.safe_load(built.configuration.read_text(encoding="utf-8"))
    content["datasets"]["mine"]["manifest"] = str(built.configuration.parent / "corpus" / "manifest.jsonl")
    content["runner"] = {"batch_clips": 4, "workers": 1}
    content["generate"]["concurrency"] = 3
    other = tmp_path / "other.yaml"
    other.write_text(yaml.safe_dump(content), encoding="utf-8")
    done = aig("run", str(other), "--json")
    assert done.returncode == 0, done.stderr
    assert Built(other, {}, "", []).bytes == built.bytes


def test_a_missing_shard_is_refused_with_status_1(built: Built) -> None:
    assert aig("validate", str(built.shards)).returncode == 0
    for shard in sorted(built.shards.glob("data/*/*.parquet")):
        aside = shard.rename(shard.with_suffix(".aside"))
        try:
            refused = aig("validate", str(built.shards), "--json")
        finally:
            aside.rename(shard)
        assert refused.returncode == 1
        assert json.loads(refused.stdout)["ok"] is False
