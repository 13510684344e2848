"""Exports, read back by the loaders of those who use them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from aig.core.errors import DataError, UsageError
from aig.core.records import QAPair
from aig.shards.export.audio_copies import copy_name
from aig.shards.export.form import Features, Rejected
from aig.shards.export.forms.ltu import npz_name
from aig.shards.export.registry import FORMS
from helpers.exporting import LOST_ROWS, export
from helpers.hum import Hum

Pairs = Callable[[int], list[QAPair]]


def lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text().splitlines()]


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


def test_ltu_json_is_what_the_trainers_read(published_set: Path, tmp_path: Path, pairs: Pairs) -> None:
    done = export(published_set, "ltu-json", tmp_path / "ltu.json")
    assert (done.rows, done.samples, done.left_out) == (660, 660, {})
    rows = json.loads((tmp_path / "ltu.json").read_text())
    names = ["instruction", "input", "audio_id", "dataset", "task", "output"]
    assert all(list(row) == names for row in rows)
    assert {tuple(row.values()) for row in rows} == {tuple(getattr(p, name) for name in names) for p in pairs(660)}


def test_json_lines_can_carry_lineage(published_set: Path, tmp_path: Path) -> None:
    export(published_set, "jsonl", tmp_path / "rows.jsonl", config="stage1", lineage=True)
    rows = lines(tmp_path / "rows.jsonl")
    assert len(rows) == 390
    assert rows[0]["prompt"] == "speech@1"
    assert len(rows[0]) >= 17


@pytest.mark.parametrize(
    ("form", "options", "message"),
    [
        ("csv", {}, "unknown export 'csv'"),
        ("mesages", {}, "unknown export"),
        ("ltu-json", {"lineage": True}, "ltu-json cannot carry lineage"),
        ("jsonl", {"config": "stage9"}, "unknown config 'stage9'"),
        ("jsonl", {"where": "nonsense +"}, "cannot be used"),
        ("jsonl", {"where": "output = (SELECT content FROM read_text('/etc/passwd'))"}, "cannot be used"),
        ("jsonl", {"max_seconds": 3.0}, "cuts the audio"),
        ("messages", {}, "messages carries the audio"),
    ],
)
def test_a_wrong_export_says_what_there_is(
    published_set: Path, tmp_path: Path, form: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        export(published_set, form, tmp_path / "x", **options)
    assert list(tmp_path.iterdir()) == []


def test_rows_are_chosen_by_condition_and_split(published_set: Path, tmp_path: Path) -> None:
    done = export(published_set, "jsonl", tmp_path / "a", where="dataset = 'my_calls' OR task = 'ASR'", split="train")
    rows = lines(tmp_path / "a")
    assert done.rows == len(rows) > 220
    assert all(row["dataset"] == "my_calls" or row["task"] == "ASR" for row in rows)
    with pytest.raises(UsageError, match='no split "it\'s not there"'):
        export(published_set, "jsonl", tmp_path / "b", split="it's not there")


def test_a_place_of_the_other_kind_is_refused_before_any_audio_is_copied(published_set: Path, tmp_path: Path) -> None:
    source = Hum()
    with pytest.raises(UsageError, match="is a folder, and messages writes a file") as error:
        export(published_set, "messages", tmp_path, source)
    assert str(tmp_path / "messages.jsonl") in error.value.advice
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="is a file, and webdataset writes a folder"):
        export(published_set, "webdataset", tmp_path / "file", source)
    assert source.reads == []


@pytest.mark.parametrize("form", ["jsonl", "messages", "webdataset", "kto"])
def test_no_rows_at_all_are_an_error_and_leave_no_file(published_set: Path, tmp_path: Path, form: str) -> None:
    audio = None if form == "jsonl" else Hum()
    with pytest.raises(DataError, match="no such rows"):
        export(published_set, form, tmp_path / "out", audio, where="task = 'none'")
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


# audio beside


def test_audio_is_copied_once_under_its_own_name(published_set: Path, tmp_path: Path) -> None:
    source = Hum()
    done = export(published_set, "ltu-json", tmp_path / "ltu.json", source)
    assert (done.rows, done.left_out) == (660 - LOST_ROWS, {"audio not on this machine": LOST_ROWS})
    rows = json.loads((tmp_path / "ltu.json").read_text())
    copies = {row["audio_id"] for row in rows}
    assert len(copies) == 78
    samples, rate = soundfile.read(rows[0]["audio_id"])
    assert (rate, samples.ndim) == (16_000, 1)
    assert np.abs(samples).max() <= 1


def test_a_copy_is_renewed_when_its_source_changes_and_kept_when_not(published_set: Path, tmp_path: Path) -> None:
    source = Hum()
    export(published_set, "ltu-json", tmp_path / "ltu.json", source)
    first = {row["audio_id"] for row in json.loads((tmp_path / "ltu.json").read_text())}
    source.reads.clear()
    export(published_set, "ltu-json", tmp_path / "ltu.json", source)
    assert source.reads == []
    source.version = 2
    export(published_set, "ltu-json", tmp_path / "ltu.json", source)
    assert len(set(source.reads)) == 78
    assert not first & {row["audio_id"] for row in json.loads((tmp_path / "ltu.json").read_text())}


def test_links_and_paths_leave_out_what_they_cannot_stand_for(published_set: Path, tmp_path: Path) -> None:
    (tmp_path / "audio").mkdir()
    source = Hum(tmp_path / "audio")
    done = export(published_set, "messages", tmp_path / "links.jsonl", source, audio="link")
    assert set(done.left_out) == {
        "audio not on this machine",
        "clip is a part of its file (--audio copy cuts it out)",
    }
    linked = Path(lines(tmp_path / "links.jsonl")[0]["audios"][0])
    assert linked.is_symlink()
    assert linked.resolve().parent == tmp_path / "audio"
    export(published_set, "messages", tmp_path / "paths.jsonl", source, audio="path")
    assert Path(lines(tmp_path / "paths.jsonl")[0]["audios"][0]).parent == tmp_path / "audio"


def test_a_clip_is_cut_and_rows_about_the_rest_are_left_out(published_set: Path, tmp_path: Path) -> None:
    whole = export(published_set, "jsonl", tmp_path / "whole.jsonl", Hum(), transcript=False)
    cut = export(published_set, "jsonl", tmp_path / "cut.jsonl", Hum(), transcript=False, max_seconds=1.0)
    assert cut.rows + cut.left_out["speaks of what comes after --max-seconds"] == whole.rows
    for row in lines(tmp_path / "cut.jsonl"):
        assert soundfile.info(row["audio_id"]).duration <= 1.0
        if "clip_3-" in row["audio_id"].replace(" ", "_"):
            assert "[0.0s-9.8s]" not in row["output"]
            assert row["task"] != "ASR"


def test_no_audio_at_all_is_an_error(published_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Hum, "place", lambda self, audio_id: None)
    for form in ("webdataset", "messages"):
        with pytest.raises(DataError, match="none of the 660 rows") as error:
            export(published_set, form, tmp_path / "a", Hum())
        assert "roots" in error.value.advice
    monkeypatch.undo()
    with pytest.raises(DataError, match="has no choices") as error:
        export(published_set, "mmau", tmp_path / "a", Hum(), where="task = 'ASR'")
    assert "in another form" in error.value.advice
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_copies_of_long_names_stay_apart_and_short() -> None:
    long = "audioset/" + "ä" * 300
    assert len(copy_name(long, "", ".flac").encode()) <= 210
    assert copy_name(long, "", ".flac") != copy_name(long + "b", "", ".flac")
    assert copy_name("d/a/b/c/e.wav", "s", ".wav").startswith("a_b_c_e-")


# forms


def test_messages_have_one_mark_for_each_audio_and_no_transcript(published_set: Path, tmp_path: Path) -> None:
    (tmp_path / "dataset_info.json").write_text('{"mine": {"file_name": "mine.jsonl"}}')
    export(published_set, "messages", tmp_path / "train.jsonl", Hum())
    for record in lines(tmp_path / "train.jsonl"):
        question, answer = record["messages"]
        assert question["content"].startswith("<audio>Question")
        assert "so it goes" not in question["content"]
        assert str(record["messages"]).count("<audio>") == len(record["audios"]) == 1
        assert answer["role"] == "assistant"
        assert Path(record["audios"][0]).is_file()
    info = json.loads((tmp_path / "dataset_info.json").read_text())
    assert set(info) == {"mine", "train"}
    assert info["train"]["file_name"] == "train.jsonl"


def test_the_transcript_can_be_kept(published_set: Path, tmp_path: Path) -> None:
    export(published_set, "messages", tmp_path / "a.jsonl", Hum(), transcript=True)
    asked = [record["messages"][0]["content"] for record in lines(tmp_path / "a.jsonl")]
    assert any("\nso it goes" in question for question in asked)


def test_turns_make_a_conversation_of_a_clips_rows(published_set: Path, tmp_path: Path) -> None:
    done = export(published_set, "messages", tmp_path / "a.jsonl", Hum(), turns=5)
    records = lines(tmp_path / "a.jsonl")
    assert sum(len(record["messages"]) // 2 for record in records) == done.rows == 660 - LOST_ROWS
    assert done.samples == len(records) < done.rows / 3
    for record in records:
        assert len(record["messages"]) <= 10
        assert [turn["content"].count("<audio>") for turn in record["messages"]][1:].count(1) == 0


def test_each_form_writes_each_row_and_its_audio(published_set: Path, tmp_path: Path) -> None:
    wanted = 660 - LOST_ROWS
    for name, form in FORMS.items():
        if form.audio != "beside" or name in ("dpo", "kto", "mmau"):
            continue
        done = export(published_set, name, tmp_path / name / form.out, Hum(), config="all")
        assert (done.rows, done.samples) == (wanted, wanted), name
    af3 = json.loads((tmp_path / "af3" / "af3.json").read_text())
    assert set(af3[0]) == {"id", "sound", "duration", "conversations"}
    assert soundfile.info(af3[0]["sound"]).format == "WAV"
    assert af3[0]["conversations"][0]["value"].startswith("<sound>\n")
    nemo = lines(tmp_path / "nemo" / "nemo.jsonl")
    assert [turn["type"] for turn in nemo[0]["conversations"]] == ["text", "audio", "text"]
    salmonn = json.loads((tmp_path / "salmonn" / "salmonn.json").read_text())["annotation"]
    assert len(salmonn) == wanted
    assert set(salmonn[0]) == {"path", "text", "task", "Q"}
    grpo = lines(tmp_path / "grpo" / "grpo.jsonl")
    assert [turn["role"] for turn in grpo[0]["messages"]] == ["user"]
    assert grpo[0]["solution"]
    trl = lines(tmp_path / "trl" / "trl.jsonl")
    assert [part["type"] for part in trl[0]["messages"][0]["content"]] == ["audio", "text"]


def test_choices_reach_rewards_preferences_and_evaluation(
    pairs: Pairs, published_by: Callable[..., object], tmp_path: Path
) -> None:
    asked = [pair for pair in pairs(220) if pair.task == "pitch_cla"]
    options = ("The pitch is low.", "The pitch is medium.", "The pitch is very high.")
    rows = [replace(pair, choices=options, answer_index=options.index(pair.output)) for pair in asked]
    published_by(tmp_path / "set", [*rows, *(pair for pair in pairs(220) if pair.task == "caption")])
    reasons = {"dpo": "no answer is known to be worse", "mmau": "has no choices"}
    reasons["kto"] = reasons["dpo"]
    for form in ("grpo", *reasons):
        done = export(tmp_path / "set", form, tmp_path / form, Hum())
        if form != "grpo":
            assert done.left_out[reasons[form]] == 10
            assert done.rows == len(rows)
    rewarded = [row for row in lines(tmp_path / "grpo") if row["task"] == "pitch_cla"]
    assert all(row["choices"] == list(options) and row["answer"] == row["solution"] for row in rewarded)
    for record in lines(tmp_path / "dpo"):
        assert record["rejected_response"] in options
        assert record["rejected_response"] != record["messages"][-1]["content"]
    assert sum(record["label"] for record in lines(tmp_path / "kto")) == len(rows) == len(lines(tmp_path / "kto")) / 2
    for record in json.loads((tmp_path / "mmau").read_text()):
        assert record["answer"] in record["choices"]


def test_what_people_and_judges_refused_is_rejected(published_set: Path, tmp_path: Path, pairs: Pairs) -> None:
    asked = [pair for pair in pairs(660) if pair.task == "open-ended question" and "clip 7" not in pair.audio_id]
    marked, guessed, good = asked[:3]
    known = {
        (marked.audio_id, marked.instruction): ((marked.output, "marked bad"),),
        (guessed.audio_id, guessed.instruction): (("A dog.", "guessed without listening"),),
        (good.audio_id, "Is it a <audio> cat?"): (("Yes.", "contradicts the facts"),),
        ("audioset/of another split", "What?"): (("No.", "marked bad"),),
    }
    options = {
        "config": "all",
        "where": "task = 'open-ended question'",
        "rejected": Rejected(known, frozenset({good.qa_id})),
    }
    done = export(published_set, "dpo", tmp_path / "dpo", Hum(), **options)
    (better,) = lines(tmp_path / "dpo")
    assert (better["rejected_response"], better["why_rejected"]) == ("A dog.", "guessed without listening")
    assert (better["messages"][-1]["content"], done.rows, done.samples) == (guessed.output, 1, 1)
    done = export(published_set, "kto", tmp_path / "kto", Hum(), **options)
    said = {(row["messages"][-1]["content"], row["label"], row.get("why_rejected")) for row in lines(tmp_path / "kto")}
    assert said == {
        (marked.output, False, "marked bad"),
        (guessed.output, True, None),
        ("A dog.", False, "guessed without listening"),
        (good.output, True, None),
        ("Yes.", False, "contradicts the facts"),
    }
    assert all(str(row["messages"]).count("<audio>") == 1 for row in lines(tmp_path / "kto"))
    assert (done.rows, done.samples, done.rows + sum(done.left_out.values())) == (3, 5, 30)


def test_ltu_as_names_its_features_apart(published_set: Path, tmp_path: Path) -> None:
    export(published_set, "ltu-as", tmp_path / "ltu_as.json", Hum())
    paths = json.loads((tmp_path / "ltu_as_paths.json").read_text())
    rows = json.loads((tmp_path / "ltu_as.json").read_text())
    assert {row["audio_id"] for row in rows} == set(paths)
    assert len({npz_name(path) for path in paths}) == len(paths) == 78
    assert npz_name("/a/b/c/d/e.f.wav") == "b_c_d_e.f.npz"


def test_ltu_as_finds_its_features_and_they_are_made_once(published_set: Path, tmp_path: Path) -> None:
    made: list[Path] = []

    def make(file: Path) -> np.ndarray:
        made.append(file)
        return np.full((2, 25, 4), len(made), np.float16)

    options = {"features": Features("large-v1", make), "where": "task = 'ASR'"}
    export(published_set, "ltu-as", tmp_path / "ltu_as.json", Hum(), **options)
    paths = json.loads((tmp_path / "ltu_as_paths.json").read_text())
    folder = tmp_path / "ltu_as_features_large-v1"
    assert {file.name for file in folder.iterdir()} == {npz_name(path) for path in paths}
    assert np.load(folder / npz_name(paths[0]))["arr_0"].shape == (2, 25, 4)
    (folder / npz_name(paths[0])).unlink()
    export(published_set, "ltu-as", tmp_path / "ltu_as.json", Hum(), **options)
    assert len(made) == len(paths) + 1
    with pytest.raises(UsageError, match="carries no features"):
        export(published_set, "messages", tmp_path / "m.jsonl", Hum(), **options)


# one's own


def test_a_form_of_ones_own_is_named_by_module_and_object(
    published_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "own_export.py").write_text(
        "from aig.shards.export.form import Form\n"
        "def write(samples, out, options):\n"
        "    out.write_text('\\n'.join(sample.rows[0]['output'] for sample in samples))\n"
        "ANSWERS = Form(name='answers', about='nobody', write=write, out='a.txt', audio='none')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    done = export(published_set, "own_export:ANSWERS", tmp_path / "a.txt")
    assert done.rows == 660
    assert "The pitch is medium." in (tmp_path / "a.txt").read_text()
    with pytest.raises(UsageError, match="not a Form"):
        export(published_set, "own_export:write", tmp_path / "a.txt")
