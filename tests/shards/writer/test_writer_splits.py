"""Splits, licences and the audio index: published, loaded, checked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from aig.core.errors import DataError
from aig.core.records import QAPair, Quarantined
from aig.core.tables import to_table
from aig.shards.audio_index import AUDIO
from aig.shards.manifest import SPLITS, Build, Manifest
from aig.shards.merge import merge
from aig.shards.settings import PublishSettings
from aig.shards.validator.validate import validate
from aig.shards.writer.writer import publish
from helpers.damaged_set import Set

LICENCES = ("CC-BY-4.0", "CC-BY-NC-ND-4.0", None)


def clip_number(pair: QAPair) -> int:
    return int(pair.audio_id.rsplit(" ", 1)[1])


def with_sides(rows: list[QAPair]) -> list[QAPair]:
    """A tenth of the clips validates, a tenth tests."""
    sides = {8: "validation", 9: "test"}
    return [
        replace(row, split=sides.get(clip_number(row) % 10, "train"), licence=LICENCES[clip_number(row) % 3])
        for row in rows
    ]


def index_of(rows: list[QAPair]) -> list[pa.RecordBatch]:
    clips = [
        {"audio_id": name, "path": f"{name}.wav", "duration_s": 1.5, "sample_rate": 16_000, "group": name}
        for name in sorted({row.audio_id for row in rows} | {"audioset/never asked about"})
    ]
    return pa.Table.from_pylist(clips, AUDIO).to_batches(max_chunksize=7)


@pytest.fixture
def split_set(tmp_path: Path, pairs: Callable[[int], list[QAPair]], build: Build) -> Set:
    rows = with_sides(pairs(660))
    settings = PublishSettings(rows_per_shard=70)
    batches = to_table(rows, QAPair).to_batches(max_chunksize=64)
    publish(batches, str(tmp_path / "set"), settings, build, audio=index_of(rows))
    return Set(tmp_path / "set")


def test_no_file_holds_rows_of_two_splits(split_set: Set) -> None:
    assert validate(str(split_set.folder)).to_dict()["errors"] == []
    found = set()
    for path in split_set.folder.glob("lineage/*/*.parquet"):
        splits = set(pq.read_table(path, columns=["split"]).column("split").to_pylist())
        assert splits == {path.name.partition("-")[0]}
        found |= splits
    assert found == set(SPLITS)
    assert pq.read_table(split_set / "audio/index.parquet").num_rows == 80  # those with rows alone


def test_datasets_loads_the_splits(split_set: Set, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    loaded = datasets.load_dataset(str(split_set.folder), cache_dir=str(tmp_path / "cache"))
    assert set(loaded) == set(SPLITS)
    assert sum(part.num_rows for part in loaded.values()) == 660
    sides = {name: set(part["audio_id"]) for name, part in loaded.items()}
    assert not sides["train"] & (sides["test"] | sides["validation"])


def test_the_card_counts_licences_and_says_what_they_forbid(split_set: Set) -> None:
    text = (split_set / "README.md").read_text()
    front = yaml.safe_load(text.split("---\n")[1])
    default = next(config for config in front["configs"] if config["config_name"] == "default")
    assert [files["split"] for files in default["data_files"]] == list(SPLITS)
    counts = split_set.manifest["licences"]
    assert f"| CC-BY-4.0 | {counts['CC-BY-4.0']} |  |  |" in text
    assert f"| CC-BY-NC-ND-4.0 | {counts['CC-BY-NC-ND-4.0']} | no | no |" in text
    assert f"| not stated | {660 - sum(counts.values())} |" in text
    assert "No speaker, video or recording is in two splits" in text


def test_a_set_with_splits_is_merged_as_it_is(split_set: Set, tmp_path: Path) -> None:
    merge([str(split_set.folder)], str(tmp_path / "again"), PublishSettings())
    report = validate(str(tmp_path / "again"))
    assert (report.errors, report.rows) == ([], 660)
    assert list((tmp_path / "again").glob("data/open/test-*"))


def test_rows_of_no_split_are_refused(tmp_path: Path, pairs: Callable[[int], list[QAPair]], build: Build) -> None:
    rows = [replace(row, split="balanced_train") for row in pairs(22)]
    told: list[Quarantined] = []
    with pytest.raises(DataError, match=r"no row to publish; left out: \{'split': 22\}"):
        publish(to_table(rows, QAPair).to_batches(), str(tmp_path), PublishSettings(), build, told.append)
    assert {item.error for item in told} == {"split"}


def set_index(split_set: Set, change: Callable[[list[dict[str, Any]]], object]) -> None:
    rows = pq.read_table(split_set / "audio/index.parquet").to_pylist()
    changed = change(rows)
    table = pa.Table.from_pylist(rows if changed is None else changed, AUDIO)
    split_set.rewrite("audio/index.parquet", lambda _: table)


def same_speaker(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if row["audio_id"] in ("audioset/part/clip 1", "audioset/part/clip 9"):
            row["group"] = "one speaker"


@pytest.mark.parametrize(
    ("code", "change"),
    [
        ("group", same_speaker),
        ("audio_index", lambda rows: rows[1:]),
        ("audio_index", lambda rows: [*rows, rows[5]]),
        ("machine_path", lambda rows: rows[3].update(path="/home/anna/a.wav")),
        ("machine_path", lambda rows: rows[3].update(path="../../a.wav")),
        ("machine_path", lambda rows: rows[3].update(path="C:\\audio\\a.wav")),
        ("control_character", lambda rows: rows[3].update(source_key="youtube:\x07")),
    ],
)
def test_damage_to_the_index_is_caught(code: str, change: Callable[[Any], object], split_set: Set) -> None:
    set_index(split_set, change)
    assert [finding.code for finding in validate(str(split_set.folder)).errors] == [code]


def test_a_clip_on_two_sides_is_caught(split_set: Set) -> None:
    for path in ("data/closed/train-00000-of-00003.parquet", "data/closed/test-00000-of-00001.parquet"):
        assert (split_set / path).exists(), sorted(split_set.folder.glob("data/closed/*"))
        split_set.set_value("audio_id", "audioset/part/clip 1", path, 0)
        split_set.set_value("dataset", "audioset", path, 0)
    errors = validate(str(split_set.folder)).errors
    assert "'audioset/part/clip 1' has rows in more than one split" in {finding.message for finding in errors}


def test_exports_take_what_is_trained_on(split_set: Set, tmp_path: Path) -> None:
    from aig.core.errors import UsageError
    from aig.shards.export.export import export
    from aig.shards.export.form import Options

    train = sum(
        e["rows"] for e in split_set.manifest["files"] if e["path"].startswith("data/") and "train-" in e["path"]
    )
    assert export(str(split_set.folder), "jsonl", tmp_path / "rows.jsonl").rows == train
    assert 0 < export(str(split_set.folder), "jsonl", tmp_path / "t.jsonl", Options(split="test")).rows < train
    with pytest.raises(UsageError, match="no split 'dev'"):
        export(str(split_set.folder), "jsonl", tmp_path / "d.jsonl", Options(split="dev"))


def test_the_manifest_says_the_same_whatever_the_order(
    tmp_path: Path, pairs: Callable[[int], list[QAPair]], build: Build
) -> None:
    rows = with_sides(pairs(330))
    made: list[Manifest] = []
    for name, order in (("a", rows), ("b", rows[::-1])):
        batches = to_table(order, QAPair).to_batches(max_chunksize=11)
        made.append(publish(batches, str(tmp_path / name), PublishSettings(), build, audio=index_of(rows)))
    assert made[0] == made[1]
