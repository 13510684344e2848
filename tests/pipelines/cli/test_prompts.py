"""`aig prompts` as a user types it."""

import json

import pytest
from typer.testing import CliRunner

from aig.core.errors import UsageError
from aig.core.records import Clip, Features
from aig.pipelines.cli.app import app
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.kind_registry import KINDS, TASK_KINDS


def aig(*arguments):
    result = CliRunner().invoke(app, ["prompts", *map(str, arguments)], catch_exceptions=True)
    if isinstance(result.exception, UsageError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.stdout


def test_list_and_show():
    listed = json.loads(aig("list", "--json"))
    assert {(p["name"], p["version"]) for p in listed["prompts"] if p["in_use"]} == {
        *((f"{style}{kind}", 1) for style in ("", "plain_", "guided_") for kind in KINDS),
        *((kind.name, 1) for kind in TASK_KINDS.values()),
    }
    assert len(listed["banks"]) >= 21
    assert all(bank["questions"] >= 100 for bank in listed["banks"])
    assert "cla_label" in aig("list")
    assert "name: joint" in aig("show", "joint@2")
    assert json.loads(aig("show", "joint@2", "--json"))["fields"] == ["inference"]
    assert len(aig("show", "gender_cla").splitlines()) >= 100
    assert json.loads(aig("show", "gender_cla", "--json"))["bank"] == "gender_cla@1"


@pytest.mark.parametrize("kind", [*KINDS, *(kind.name for kind in TASK_KINDS.values())])
def test_render_without_any_data(kind):
    shown = json.loads(aig("render", kind, "--pairs", 3, "--json"))
    assert [message["role"] for message in shown["messages"]] == ["system", "user"]
    asked = "one sentence" if kind == "style_caption" else "3 "
    assert f"Write {asked}" in " ".join(shown["messages"][0]["content"].split())


def test_render_a_clip_from_a_file(tmp_path):
    file = tmp_path / "clip.json"
    file.write_text(json.dumps({"audio_id": "m/1", "text": "a {{ b }} {0}", "f0_hz": 100, "pitch_level": "low"}))
    shown = aig("render", "speech", "--clip", file)
    assert shown.endswith(
        'Speech content: "a {{ b }} {0}"; '
        "Speaker's fundamental frequency (F0) is about 100Hz, so the pitch is low among all people\n"
    )
    file.write_text('{"audio_id": "m/1", "txt": 1}')
    with pytest.raises(UsageError, match="unknown field 'txt'"):
        aig("render", "speech", "--clip", file)
    file.write_text('{"audio_id": "m/1", "gender": "male"}')
    with pytest.raises(UsageError, match="nothing that a prompt of the kind music"):
        aig("render", "music", "--clip", file)


@pytest.fixture
def built(tmp_path):
    """A configuration whose workspace holds two measured clips."""
    (tmp_path / "manifest.jsonl").write_text('{"path": "a.wav"}\n')
    config = tmp_path / "aig.yaml"
    config.write_text("workspace: ws\ndatasets: {mine: {manifest: manifest.jsonl}}\n")
    workspace = Workspace(str(tmp_path / "ws"))
    clips = [
        Clip(audio_id="mine/quiet", dataset="mine"),
        Clip(audio_id="mine/spoken", dataset="mine", gender="female"),
    ]
    features = [
        Features(audio_id=clip.audio_id, duration_s=1, sample_rate=16000, transcript=text, no_speech_prob=0.1)
        for clip, text in zip(clips, (None, " Come in!"), strict=True)
    ]
    workspace.write(clips, Clip, "clips", "mine", "part-00000-a.parquet")
    workspace.write(features, Features, "features", "mine", "part-00000-a.parquet")
    return config


def test_render_a_clip_of_the_workspace(built):
    shown = json.loads(aig("render", "speech", built, "--json"))
    assert shown["audio_id"] == "mine/spoken"
    assert shown["messages"][1]["content"] == 'Speech content: "Come in!"; Speaker gender: female'
    assert json.loads(aig("render", "speech", built, "mine/spoken", "--json")) == shown
    with pytest.raises(UsageError, match="no clip 'mine/other'"):
        aig("render", "speech", built, "mine/other")
    with pytest.raises(UsageError, match="no measured clip for a prompt of the kind joint"):
        aig("render", "joint", built)


def test_a_new_version_is_written_seen_and_compared(tmp_path):
    folder = tmp_path / "mine"
    assert json.loads(aig("new", "speech", "--folder", folder, "--json"))["prompt"] == "speech@2"
    assert json.loads(aig("new", "speech", "--folder", folder, "--json"))["prompt"] == "speech@3"
    assert json.loads(aig("new", "calls", "--from", "joint@2", "--folder", folder, "--json"))["prompt"] == "calls@1"
    compared = json.loads(aig("diff", "speech@1", "speech@2", "--folder", folder, "--json"))
    changed = [line for line in compared["diff"] if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    assert changed == ["-version: 1", "+version: 2", "+default: false"]
    assert "say the same" in aig("diff", "speech", "speech@1")
    listed = json.loads(aig("list", "--folder", folder, "--json"))["prompts"]
    assert {p["version"] for p in listed if p["name"] == "speech" and p["in_use"]} == {1}
    with pytest.raises(UsageError, match="no prompt 'nothing'"):
        aig("new", "nothing", "--folder", folder)
