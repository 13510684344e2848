"""Publishing: the layout, the six columns, the lineage beside."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from datasets_registry.errors import DataError
from datasets_registry.records import QAPair
from datasets_registry.tables import to_table
from shards.build import Build, SourceDataset
from shards.schema import DATA, LINEAGE
from shards.settings import PublishSettings
from shards.validate import validate
from shards.writer import publish

BUILD = Build(
    code="aig 0.1.0",
    levels="default@1",
    sources={"libritts": SourceDataset(title="LibriTTS", licence="CC BY 4.0")},
)


def pairs(number: int) -> list[QAPair]:
    forms = [
        ("pitch_cla", "The pitch is medium."),
        ("ASR", "Spoken text: hi there"),
        ("open-ended question", "Because it is loud."),
    ]
    return [
        QAPair(
            instruction=f"What of {index}?",
            input="",
            audio_id=f"libritts/clip{index % 50}",
            dataset="libritts",
            task=forms[index % 3][0],
            output=forms[index % 3][1],
            qa_id=hashlib.sha256(str(index).encode()).hexdigest(),
            prompt="p@1",
            prompt_sha256="0" * 64,
        )
        for index in range(number)
    ]


def test_a_published_set_has_the_layout_of_the_contract_and_validates(tmp_path: Path) -> None:
    manifest = publish(
        to_table(pairs(500), QAPair).to_batches(), str(tmp_path), PublishSettings(rows_per_shard=100), BUILD
    )
    assert manifest.rows == 500
    for entry in manifest.data_files:
        data = pq.read_table(tmp_path / entry.path)
        assert data.schema.equals(DATA)
        assert data.num_rows == entry.rows <= 100
        lineage = pq.read_table(tmp_path / entry.path.replace("data/", "lineage/"))
        assert lineage.schema.equals(LINEAGE)
        assert lineage.num_rows == entry.rows
    assert json.loads((tmp_path / "manifest.json").read_text())["rows"] == 500
    assert validate(str(tmp_path)).to_dict()["errors"] == []


def test_the_same_rows_in_another_order_give_the_same_bytes(tmp_path: Path) -> None:
    rows = pairs(300)
    settings = PublishSettings(rows_per_shard=40)
    publish(to_table(rows, QAPair).to_batches(), str(tmp_path / "a"), settings, BUILD)
    random.Random(1).shuffle(rows)
    publish(to_table(rows, QAPair).to_batches(max_chunksize=7), str(tmp_path / "b"), settings, BUILD)
    first = {p.relative_to(tmp_path / "a"): p.read_bytes() for p in (tmp_path / "a").rglob("*") if p.is_file()}
    second = {p.relative_to(tmp_path / "b"): p.read_bytes() for p in (tmp_path / "b").rglob("*") if p.is_file()}
    assert first == second


def test_a_qa_id_twice_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="more than once"):
        publish(to_table(pairs(5) + pairs(1), QAPair).to_batches(), str(tmp_path), PublishSettings(), BUILD)
    assert list(tmp_path.iterdir()) == []
