"""`aig levels`: bounds fitted to a workspace, shown, and written as a file that the configuration takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from aig.core.errors import DataError, UsageError
from aig.core.records import Clip, Features
from aig.extractors.levels import load_levels
from aig.pipelines.cli.app import app
from aig.pipelines.configuration import load
from aig.pipelines.workspace.workspace import Workspace


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["levels", *arguments])
    if result.exception:
        raise result.exception
    return result.stdout


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "clips.jsonl").write_text('{"path": "a.wav"}\n')
    file = tmp_path / "aig.yaml"
    file.write_text("workspace: ./workspace\ndatasets: {mine: {manifest: clips.jsonl}}\n")
    return file


def fill(config: Path, count: int) -> None:
    workspace = Workspace(load(config).workspace)
    genders = ("male", "female", "other")
    ids = [f"mine/{index}" for index in range(count)]
    clips = [
        Clip(audio_id=id_, dataset="mine", path="a", gender=genders[i % 2 + i % 50 // 49]) for i, id_ in enumerate(ids)
    ]
    workspace.write(clips, Clip, "clips", "mine", "part-0.parquet")
    features = [
        Features(
            audio_id=id_,
            duration_s=1.0,
            sample_rate=16_000,
            f0_hz=100.0 + i,
            volume_dbfs=-i / 10,
            words_per_s=9.0 if i % 2 else i / 100,
            hallucination="known phrase" if i % 2 else None,
        )
        for i, id_ in enumerate(ids)
    ]
    workspace.write(features, Features, "features", "mine", "part-0.parquet")


def test_bounds_are_the_quintiles(config: Path, tmp_path: Path) -> None:
    fill(config, 1001)
    out = tmp_path / "levels.yaml"
    report = json.loads(run(str(config), "--out", str(out), "--json"))
    scales = {scale["scale"]: scale for scale in report["scales"]}
    assert scales["pitch"]["bounds"] == [300, 500, 700, 900]
    assert scales["pitch"]["clips"] == [200, 200, 200, 200, 201]
    assert sum(scales["pitch"]["histogram"]["clips"]) == 1001
    assert scales["volume"]["bounds"] == [-80, -60, -40, -20]
    assert scales["speed"]["bounds"] == [2, 4, 6, 8], "hallucinated transcripts do not count"
    assert scales["speed_by_syllables"]["kept"] == "0 values, fewer than 50"
    assert {"pitch_rank.male", "pitch_rank.female"} < set(scales)
    fitted = load_levels(str(out))
    assert fitted.version == report["version"]
    assert fitted.volume.bounds == (-80, -60, -40, -20)
    assert "other" not in fitted.pitch_rank.bounds


def test_a_person_sees_levels_and_bounds(config: Path) -> None:
    fill(config, 1001)
    shown = run(str(config))
    assert "300 to 500" in shown
    assert "█" in shown


def test_a_file_is_not_overwritten_unasked(config: Path, tmp_path: Path) -> None:
    fill(config, 100)
    out = tmp_path / "levels.yaml"
    out.write_text("mine")
    with pytest.raises(UsageError, match="already exists"):
        run(str(config), "--out", str(out))
    assert out.read_text() == "mine"
    run(str(config), "--out", str(out), "--force")
    assert load_levels(str(out)).version.startswith("fitted-")


def test_nothing_measured_is_said(config: Path) -> None:
    with pytest.raises(DataError, match="nothing has been measured"):
        run(str(config))
