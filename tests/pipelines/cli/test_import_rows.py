"""`aig import`: rows of any of the forms become a valid set; what is left out is told by its line."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aig.pipelines.cli.app import app
from aig.pipelines.cli.output import run
from aig.shards.published import PublishedSet
from aig.shards.validator.validate import validate

ROWS: list[dict[str, Any]] = [
    {
        "instruction": f"How high is the voice, {number}?",
        "input": "",
        "audio_id": f"/mnt/disk/{'ab'[number % 2]}/clip {number % 7}.wav",
        "dataset": "mine",
        "task": "pitch_cla",
        "output": "The pitch is medium.",
    }
    for number in range(30)
]


@pytest.fixture
def aig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[..., int]:
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["aig", *arguments])
        return run(app)

    return call


def written(file: Path, rows: list[dict[str, Any]]) -> Path:
    if file.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), file)
    elif file.suffix in (".csv", ".tsv"):
        with file.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0].keys(), delimiter="," if file.suffix == ".csv" else "\t")
            writer.writeheader()
            writer.writerows(rows)
    else:
        lines = file.suffix == ".jsonl"
        file.write_text("\n".join(map(json.dumps, rows)) if lines else json.dumps(rows, indent=1))
    return file


def rows_of(folder: Path) -> list[dict[str, Any]]:
    published = PublishedSet(str(folder))
    entries = published.manifest().data_files
    names = ["instruction", "input", "audio_id", "dataset", "task", "output"]
    lineage = ["source", "split", "request_id", "prompt", "model"]
    return [row for entry in entries for table in published.rows(entry, names, lineage) for row in table.to_pylist()]


@pytest.mark.parametrize("suffix", [".jsonl", ".json", ".csv", ".tsv", ".parquet"])
def test_rows_of_every_form_become_a_valid_set(suffix: str, aig: Callable[..., int], tmp_path: Path) -> None:
    file = written(tmp_path / f"rows{suffix}", ROWS)
    assert aig("import", str(file), "--out", "set", "--json") == 0
    assert validate("set").errors == []
    rows = rows_of(tmp_path / "set")
    assert {row["instruction"] for row in rows} == {row["instruction"] for row in ROWS}
    assert {row["audio_id"] for row in rows} == {f"mine/{row['audio_id'][10:]}" for row in ROWS}
    assert {(row["source"], row["split"], row["prompt"]) for row in rows} == {("rule", "train", "import@1")}


def test_what_is_left_out_is_told_by_its_line(
    aig: Callable[..., int], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    good = json.dumps(ROWS[0])
    bad = {
        "{broken": "malformed_line",
        "[1]": "malformed_line",
        json.dumps({**ROWS[0], "output": 5}): "malformed_line",
        json.dumps({**ROWS[0], "output": "half \ud83d"}): "malformed_line",
        json.dumps({name: value for name, value in ROWS[0].items() if name != "audio_id"}): "malformed_line",
        json.dumps({**ROWS[0], "audio_id": "../escapes.wav"}): "malformed_line",
        json.dumps({**ROWS[0], "split": "somewhere"}): "malformed_line",
        json.dumps({**ROWS[0], "seed": 10**30}): "malformed_line",
        good: "duplicate",
        json.dumps({**ROWS[0], "output": ""}): "empty",
        json.dumps({**ROWS[0], "task": "guess"}): "unknown_task",
        json.dumps({**ROWS[0], "output": "The pitch is enormous."}): "malformed_answer",
        json.dumps({**ROWS[0], "input": "bell \u0007"}): "control_character",
    }
    (tmp_path / "rows.jsonl").write_text("\n".join([good, *bad]) + "\n")
    assert aig("import", "rows.jsonl", "--out", "set", "--json") == 0
    captured = capfd.readouterr()
    told = json.loads(captured.out)
    assert told["rows"] == 1
    assert [(item["line"], item["code"]) for item in told["refused"]] == list(enumerate(bad.values(), start=2))
    assert sum(told["left_out"].values()) == len(bad)
    assert "rows.jsonl, line 2: malformed_line" in captured.err
    assert "Traceback" not in captured.err
    assert validate("set").errors == []


def test_open_ended_rows_are_a_model_s_and_lineage_is_kept(aig: Callable[..., int], tmp_path: Path) -> None:
    asked = {**ROWS[0], "task": "open-ended question", "output": "It is a low voice."}
    theirs = {**asked, "output": "It is high.", "model": "their-model", "prompt": "theirs@3", "prompt_sha256": "c" * 64}
    written(tmp_path / "rows.json", [asked, theirs, {**theirs, "input": "hm", "prompt_sha256": ""}])
    assert aig("import", "rows.json", "--out", "set") == 0
    rows = {row["output"]: row for row in rows_of(tmp_path / "set")}
    assert {row["source"] for row in rows.values()} == {"model"}
    assert all(row["request_id"] for row in rows.values())
    assert (rows["It is high."]["model"], rows["It is high."]["prompt"]) == ("their-model", "theirs@3")


def test_the_released_row_without_its_full_stop_is_shown_to_its_end(
    shared_data: Path, aig: Callable[..., int], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copy(shared_data / "cases/8_rows_made_elsewhere/rows.json", tmp_path)
    assert aig("validate", "rows.json") == 2
    assert "aig import rows.json" in capfd.readouterr().err
    assert aig("import", "rows.json", "--out", "set") == 1
    told = capfd.readouterr().err
    assert "starts first and ends last'" in told
    assert "no row to publish" in told
    assert not (tmp_path / "set" / "manifest.json").exists()
    (tmp_path / "rows.json").write_text((tmp_path / "rows.json").read_text().replace("ends last", "ends last."))
    assert aig("import", "rows.json", "--out", "set") == 0
    assert rows_of(tmp_path / "set")[0]["audio_id"] == "as_strong_train/abcdefghijk.flac"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.jsonl", json.dumps({**ROWS[0], "answer": "x"}), "'answer' (line 1)"),
        ("rows.jsonl", json.dumps({"instruction": "x"}), "no row names its dataset"),
        ("rows.jsonl", "", "no row names its dataset"),
        ("rows.txt", "x", "unsupported format .txt"),
        ("rows.parquet", "PAR1", "rows.parquet, after row 0"),
    ],
)
def test_a_file_of_another_kind_is_a_wrong_call(
    name: str, content: str, message: str, aig: Callable[..., int], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / name).write_text(content)
    assert aig("import", name, "--out", "set") == 2
    told = capfd.readouterr().err
    assert message in told
    assert "What to do:" in told
    assert not (tmp_path / "set").exists()


def test_rows_without_a_dataset_get_the_one_named(aig: Callable[..., int], tmp_path: Path) -> None:
    written(tmp_path / "rows.jsonl", [{k: v for k, v in row.items() if k != "dataset"} for row in ROWS])
    assert aig("import", "rows.jsonl", "--out", "set", "--dataset", "calls", "--licence", "CC0-1.0") == 0
    assert PublishedSet("set").manifest().build.sources["calls"].licence == "CC0-1.0"
    assert {row["dataset"] for row in rows_of(tmp_path / "set")} == {"calls"}
