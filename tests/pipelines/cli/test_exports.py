"""`aig export` on a build: the sound beside the rows, as a user calls it."""

from __future__ import annotations

import json
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from aig.pipelines.cli.app import app
from aig.pipelines.cli.output import run
from aig.shards.audio_index import AUDIO, AUDIO_INDEX
from helpers.small_build import CLIPS, ROWS_PER_CLIP, small_build


@pytest.fixture
def aig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    monkeypatch.chdir(tmp_path)
    small_build(tmp_path)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["aig", *arguments])
        return run(app)

    return call


def test_export_copies_the_sound_at_16_khz(aig: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    options = ["--config", "aig.yaml", "--audio-out", "copies", "--json"]
    assert aig("export", "workspace/shards", "--to", "ltu-json", "--out", "ltu.json", *options) == 0
    told = json.loads(capfd.readouterr().out)
    rows = json.loads(Path("ltu.json").read_text())
    assert (told["rows"], told["left_out"]) == (len(rows), {})
    clips = {row["audio_id"] for row in rows}
    assert len(clips) == CLIPS - 1
    for clip in clips:
        samples, rate = soundfile.read(clip)
        assert (rate, len(samples)) == (16_000, 8_000)


def test_a_changed_recording_is_copied_again(aig: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    command = ["export", "workspace/shards", "--to", "messages", "--config", "aig.yaml", "--json"]
    assert aig(*command) == 0
    before = {path.name for path in Path("messages_audio").iterdir()}
    samples, rate = soundfile.read("audio/2.wav")
    soundfile.write("audio/2.wav", samples[: len(samples) // 2], rate)
    assert aig(*command) == 0
    new = {path.name for path in Path("messages_audio").iterdir()} - before
    assert len(new) == 1
    assert soundfile.info(f"messages_audio/{new.pop()}").frames == 4_000


def test_a_clip_whose_sound_is_gone_is_left_out_and_counted(
    aig: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    Path("audio/2.wav").unlink()
    assert aig("export", "workspace/shards", "--to", "webdataset", "--config", "aig.yaml", "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert told["samples"] == CLIPS - 2
    assert list(told["left_out"]) == ["audio not on this machine"]
    with tarfile.open("webdataset/shard-00000.tar") as tar:
        assert len(tar.getnames()) == 2 * (CLIPS - 2)


def test_the_forms_are_listed(aig: Callable[..., int], capfd: pytest.CaptureFixture[str]) -> None:
    assert aig("export", "workspace/shards", "--to", "list", "--json") == 0
    assert {"messages", "af3", "lhotse-shar"} <= {form["name"] for form in json.loads(capfd.readouterr().out)["forms"]}


def test_another_machine_finds_the_audio_by_the_sets_own_index(
    aig: Callable[..., int], capfd: pytest.CaptureFixture[str]
) -> None:
    paths = [f"{number}.wav" for number in range(CLIPS)]
    seconds = [0.5] * (CLIPS - 1) + [9.0]  # the last is not the recording it was
    index = {"audio_id": [f"mine/{path}" for path in paths], "path": paths, "duration_s": seconds, "group": paths}
    columns = [index.get(field.name, [None] * CLIPS) for field in AUDIO]
    Path("workspace/shards/audio").mkdir(exist_ok=True)
    pq.write_table(pa.table(columns, schema=AUDIO), f"workspace/shards/{AUDIO_INDEX}")
    Path("elsewhere").mkdir()
    Path("audio").rename("elsewhere/mine")
    call = ["export", "workspace/shards", "--to", "messages", "--audio-root", "elsewhere", "--json"]
    assert aig(*call) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["left_out"] == {"audio cannot be read": ROWS_PER_CLIP}
    assert told["samples"] == (CLIPS - 2) * ROWS_PER_CLIP
    assert aig(*call, "--config", "aig.yaml") == 2
