"""Rows about two clips in a published set: folder, declaration, counts, findings, statistics, and every export."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aig.core.clip_pairs import pair_id
from aig.core.qa_id import make_pair
from aig.core.records import QAPair
from aig.core.tables import to_table
from aig.core.tasks import TaskSpec
from aig.shards.export.audio_copies import Place
from aig.shards.export.export import Exported, export
from aig.shards.export.form import Options
from aig.shards.export.registry import FORMS
from aig.shards.manifest import Manifest
from aig.shards.merge import merge
from aig.shards.published import PublishedSet
from aig.shards.settings import PublishSettings
from aig.shards.statistics import statistics
from aig.shards.validator.validate import validate
from aig.shards.writer.writer import publish
from helpers.published_sets import BUILD

COMPARE = TaskSpec(
    name="compare_pitch",
    folder="comparison",
    about="voice",
    asks="which is higher",
    pattern=r"The (?:first|second)\.",
    example="The first.",
    skill="paralinguistics",
)
PITCH = TaskSpec(
    name="pitch_cla",
    folder="classification",
    about="voice",
    asks="the level",
    words=("low", "high"),
    example="The pitch is low.",
)
MADE = replace(BUILD, tasks=(PITCH, COMPARE))


def row(audio_id: str, task: str = "compare_pitch", output: str = "The first.", number: int = 0) -> QAPair:
    common: dict[str, Any] = {"input": "", "dataset": audio_id.partition("/")[0], "prompt": "speech@1"}
    return make_pair(
        instruction=f"Question {number}?", audio_id=audio_id, task=task, output=output, prompt_sha256="a" * 64,
        skill="paralinguistics" if task == "compare_pitch" else None, **common,
    )  # fmt: skip


def clip(number: int) -> str:
    return f"my_calls/part/clip {number}"


def rows() -> list[QAPair]:
    """Of 20 clips, each alone, and 10 pairs in both orders; the last ten are in no row alone."""
    alone = [row(clip(number), "pitch_cla", "The pitch is low.", number) for number in range(10)]
    pairs = [row(pair_id(clip(n), clip(n + 10)), number=n) for n in range(10)]
    back = [row(pair_id(clip(n + 10), clip(n)), output="The second.", number=n) for n in range(10)]
    return [*alone, *pairs, *back]


def published(folder: Path, made: list[QAPair], refused: Callable[[Any], None] | None = None) -> Manifest:
    return publish(to_table(made, QAPair).to_batches(), str(folder), PublishSettings(), MADE, refused)


@pytest.fixture(scope="module")
def of_pairs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pairs") / "set"
    published(folder, rows())
    return folder


def test_a_set_with_pairs_is_valid_and_counts_both_clips(of_pairs: Path) -> None:
    manifest = PublishedSet(str(of_pairs)).manifest()
    assert manifest.pair_separator == "::"
    assert manifest.clips == {"my_calls": 20}
    assert {entry.folder: entry.rows for entry in manifest.data_files} == {"classification": 10, "comparison": 20}
    report = validate(str(of_pairs))
    assert (report.ok, report.rows) == (True, 30), report.errors
    found = statistics(str(of_pairs))
    assert found.clips == {"my_calls": 20}
    assert found.skills == manifest.skills == {"paralinguistics": {"": 20}}
    assert "| paralinguistics |  | sound character | 20 |  |  |  |" in (of_pairs / "README.md").read_text()


def test_its_configs_load(of_pairs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_DATASETS_CACHE", str(of_pairs.parent / "cache"))
    for config, number in (("comparison", 20), ("default", 10), ("all", 30)):
        assert datasets.load_dataset(str(of_pairs), config, split="train").num_rows == number


def test_rows_that_name_the_wrong_number_of_clips_are_not_published(tmp_path: Path) -> None:
    refused: list[Any] = []
    wrong = [
        row(clip(1), number=1),
        row(pair_id(clip(1), clip(2)), "pitch_cla", "The pitch is low.", 2),
        row(f"{clip(1)}::{clip(1)}", number=3),
        row(f"{clip(1)}::{clip(2)}::{clip(3)}", number=4),
        row(f"{clip(1)}::my_calls/../x", number=5),
    ]
    manifest = published(tmp_path / "set", [*rows(), *wrong], refused.append)
    assert manifest.left_out == {"audio_id": 5}
    said = sorted(item.message.partition(": ")[2].partition(":")[0] for item in refused)
    assert said == [
        "a task about one clip, and audio_id names two",
        "a task that compares two clips, and audio_id names one",
        "audio_id is not of the form <dataset>/<clip>",
        "audio_id names a clip twice",
        "audio_id names more than two clips",
    ]
    assert validate(str(tmp_path / "set")).ok


def test_a_set_that_does_not_declare_its_separator_is_not_valid(of_pairs: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(of_pairs, tmp_path / "set")
    file = tmp_path / "set" / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "pair_separator": None}))
    assert [(e.code, "pair_separator" in e.message) for e in validate(str(tmp_path / "set")).errors] == [
        ("manifest", True)
    ]


def test_merged_sets_keep_their_tasks(of_pairs: Path, published_set: Path, tmp_path: Path) -> None:
    manifest = merge([str(of_pairs)], str(tmp_path / "same"), PublishSettings())
    assert (manifest.rows, manifest.left_out) == (30, {})
    assert manifest.pair_separator == "::"


class Hum:
    """Each clip has sound, of a length of its own."""

    def place(self, audio_id: str) -> Place | None:
        return None if audio_id == clip(9) else Place(Path("/nowhere.wav"), True, audio_id)

    def read(self, audio_id: str) -> np.ndarray | None:
        return np.full(8_000 + int(audio_id.rpartition(" ")[2]), 0.1, np.float32)


@pytest.mark.parametrize("form", FORMS)
def test_every_export_carries_both_clips_or_counts_the_rows(form: str, of_pairs: Path, tmp_path: Path) -> None:
    spec = FORMS[form]
    if form == "mmau":
        return
    source = None if spec.audio == "none" else Hum()
    done: Exported = export(str(of_pairs), form, tmp_path / "out", Options(config="all"), audio=source)
    if spec.most_clips == 1:
        assert done.left_out == {"is about two clips": 20, "audio not on this machine": 1}
        assert done.rows == 9
        return
    assert done.left_out["audio not on this machine"] == 3
    records = [json.loads(line) for line in (tmp_path / "out").read_text().splitlines()]
    two = [record for record in records if "Question 3?" in json.dumps(record) and "The " in json.dumps(record)]
    paths = [found for record in two if len(found := [p for p in _paths(record) if p.endswith(".flac")]) == 2]
    assert len(paths) == (4 if form == "kto" else 2)  # kto has each question right and wrong
    assert {tuple(each) for each in paths} == {tuple(paths[0]), tuple(paths[0][::-1])}
    for record in records:
        text = json.dumps(record)
        if form in ("messages", "grpo", "dpo", "kto"):
            assert text.count("<audio>") == len(record["audios"])


def _paths(value: Any) -> list[str]:
    """All texts of a record that are paths, in their order."""
    if isinstance(value, str):
        return [value] if value.startswith("/") else []
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [path for item in items for path in _paths(item)]


def test_without_audio_rows_are_exported_as_they_are_but_to_ltu(of_pairs: Path, tmp_path: Path) -> None:
    done = export(str(of_pairs), "jsonl", tmp_path / "rows.jsonl", Options(config="comparison"))
    assert done.rows == 20
    done = export(str(of_pairs), "ltu-json", tmp_path / "ltu.json", Options(config="all"))
    assert (done.rows, done.left_out) == (10, {"is about two clips": 20})


def test_a_cut_clip_is_not_compared(of_pairs: Path, tmp_path: Path) -> None:
    options = Options(config="all", max_seconds=0.5)
    done = export(str(of_pairs), "messages", tmp_path / "m.jsonl", options, audio=Hum())
    assert done.left_out == {"speaks of what comes after --max-seconds": 18, "audio not on this machine": 3}
    assert done.rows == 9
