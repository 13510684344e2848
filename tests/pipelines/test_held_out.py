"""Test sets through a whole build: what goes, what is said, and what is refused before anything starts."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
import yaml
from typer.testing import CliRunner

from aig.core.errors import UsageError
from aig.pipelines.cli.app import app
from aig.pipelines.configuration import load
from aig.pipelines.preflight import STAGES, check
from helpers.plain_build import plain_build

KEYS = ("youtube:abcdefghijk@30-40", "youtube:abcdefghijk@60-70", "freesound:7", None)


def configured(folder: Path, **select) -> Path:
    rng = np.random.default_rng(1)
    rows = []
    for number, key in enumerate(KEYS):
        sf.write(folder / f"{number}.wav", rng.normal(0, 0.1, 16000), 16000)
        rows.append({"path": f"{number}.wav", "captions": ["Noise."]} | ({"source_key": key} if key else {}))
    (folder / "clips.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "lists/audiocaps").mkdir(parents=True)
    (folder / "lists/audiocaps/test.csv").write_text(
        "audiocap_id,youtube_id,start_time,caption\n1,abcdefghijk,33,A dog\n"
    )
    file = folder / "aig.yaml"
    content = {
        "workspace": "ws",
        "test_lists": "lists",
        "datasets": {"mine": {"manifest": "clips.jsonl"}},
        "extract": {"whisper": None},
        "generate": {"open_ended": False},
        "select": {"mine": select} if select else {},
    }
    file.write_text(yaml.safe_dump(content))
    return file


def ids(files: dict[str, bytes]) -> int:
    return sum(json.loads(files["/manifest.json"])["clips"].values())


def test_by_default_the_lists_on_this_disk_are_used_and_the_card_says_so(tmp_path, caplog):
    caplog.set_level("INFO", "aig")
    files = plain_build(load(configured(tmp_path)))
    assert ids(files) == 3
    card = files["/README.md"].decode()
    assert "## Clips of test sets" in card
    assert "3 of 4 clips of mine were held against audiocaps/test (1 recording, 1 clip left out)" in card
    assert "not against audioset/eval" in card
    assert "1 of 4 clips have no source key" in caplog.text


def test_nothing_is_held_against_where_nothing_is_asked_for(tmp_path):
    files = plain_build(load(configured(tmp_path, not_in=[])))
    assert ids(files) == 4


def test_a_file_beside_the_configuration(tmp_path):
    (tmp_path / "mine.txt").write_text("freesound:7\nyoutube:abcdefghijk\n")
    files = plain_build(load(configured(tmp_path, not_in=["mine.txt"])))
    assert ids(files) == 1


@pytest.mark.parametrize(("name", "said"), [("vggsound/test", "is not on this disk"), ("esc5", "there is no list")])
def test_a_list_that_is_asked_for_and_not_there_stops_the_run_before_it_starts(tmp_path, name, said):
    configuration = load(configured(tmp_path, not_in=[name]))
    with pytest.raises(UsageError, match=said):
        check(configuration, (), STAGES)


def test_sounds_of_a_folder_go_and_are_counted_and_broken_files_are_said(tmp_path, caplog):
    caplog.set_level("INFO", "aig")
    file = configured(tmp_path, not_in=[], not_in_audio=["test_audio"])
    (tmp_path / "test_audio").mkdir()
    samples, rate = sf.read(tmp_path / "0.wav")
    sf.write(tmp_path / "test_audio/exact.wav", samples, rate)
    (tmp_path / "test_audio/broken.wav").write_bytes(b"nothing")
    files = plain_build(load(file))
    assert ids(files) == 3
    assert "4 clips against 1 test sounds (1 exact and 0 near copies left out)" in files["/README.md"].decode()
    assert "broken.wav" in caplog.text


def test_a_folder_without_audio_stops_the_run_before_it_starts(tmp_path):
    with pytest.raises(UsageError, match="is not a folder"):
        check(load(configured(tmp_path, not_in_audio=["gone"])), (), STAGES)


def validated(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["validate", *arguments])
    return result.exit_code, result.output


def test_a_published_set_is_held_against_lists(tmp_path):
    plain_build(load(configured(tmp_path, not_in=[])))
    (tmp_path / "mine.txt").write_text("freesound:7\n")
    (tmp_path / "other.txt").write_text("freesound:8\n")
    shards, lists = str(tmp_path / "ws/shards"), ("--lists", str(tmp_path / "lists"))
    assert validated(shards)[0] == 0
    status, said = validated(
        shards, "--against", "audiocaps/test", "--against", str(tmp_path / "mine.txt"), *lists, "--json"
    )
    assert status == 1
    found = json.loads(said[said.index("{") :])
    assert [error["code"] for error in found["errors"]] == ["held_out", "held_out"]
    assert "mine/0.wav" in found["errors"][0]["message"]
    assert [warning["code"] for warning in found["warnings"]] == ["no_source_key"]
    assert validated(shards, "--against", str(tmp_path / "other.txt"))[0] == 0
    result = CliRunner().invoke(app, ["validate", shards, "--against", "esc50", *lists])
    assert isinstance(result.exception, UsageError)
