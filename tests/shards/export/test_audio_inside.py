"""Exports that carry the audio inside, read back by the loaders of those who use them."""

from __future__ import annotations

import gzip
import json
import tarfile
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from aig.core.errors import UsageError
from helpers.exporting import LOST_ROWS, export
from helpers.hum import Hum


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf"))


def test_webdataset_holds_each_clip_once_with_all_its_rows(
    published_set: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aig.shards.export.forms.webdataset.CLIPS_PER_TAR", 30)
    done = export(published_set, "webdataset", tmp_path / "a", Hum())
    assert (done.samples, done.left_out) == (78, {"audio not on this machine": LOST_ROWS})
    tars = sorted((tmp_path / "a").iterdir())
    assert [path.name for path in tars] == ["shard-00000.tar", "shard-00001.tar", "shard-00002.tar"]
    samples: dict[str, dict[str, Any]] = {}
    for path in tars:
        with tarfile.open(path) as tar:
            for member in tar:
                if member.name.endswith(".json"):
                    about = json.load(tar.extractfile(member))
                    assert about["audio_id"] not in samples
                    samples[about["audio_id"]] = about
    assert sum(len(about["pairs"]) for about in samples.values()) == 660 - LOST_ROWS
    export(published_set, "webdataset", tmp_path / "b", Hum(), workers=1)
    assert [p.read_bytes() for p in sorted((tmp_path / "b").iterdir())] == [p.read_bytes() for p in tars]
    export(published_set, "webdataset", tmp_path / "b", Hum(), where="audio_id = 'audioset/part/clip 1'")
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["shard-00000.tar"]


def test_webdataset_reads_the_tars(published_set: Path, tmp_path: Path) -> None:
    webdataset = pytest.importorskip("webdataset")
    export(published_set, "webdataset", tmp_path, Hum())
    samples = list(webdataset.WebDataset(str(tmp_path / "shard-00000.tar"), shardshuffle=False))
    assert len(samples) == 78
    assert all(soundfile.read(BytesIO(sample["flac"]))[1] == 16_000 for sample in samples)
    assert {"__key__", "flac", "json"} <= set(samples[0])


@pytest.mark.slow
def test_datasets_reads_the_parquet_with_its_audio(published_set: Path, tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    done = export(published_set, "hf-audio", tmp_path / "hf_audio", Hum())
    loaded = datasets.load_dataset(str(tmp_path / "hf_audio"), cache_dir=str(tmp_path / "cache"))["train"]
    assert len(loaded) == done.rows == 660 - LOST_ROWS
    assert isinstance(loaded.features["audio"], datasets.Audio)
    rows = loaded.cast_column("audio", datasets.Audio(decode=False))
    assert all(len(soundfile.read(BytesIO(row["audio"]["bytes"]))[0]) in (8000, 32_000) for row in rows)
    assert rows[0]["instruction"].startswith("Question")


def test_parquet_with_audio_removes_its_own_earlier_files_alone(published_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    export(published_set, "hf-audio", out, Hum())
    (only,) = (out / "data").glob("*.parquet")
    only.rename(out / "data" / "train-00009.parquet")
    export(published_set, "hf-audio", out, Hum())
    assert [file.name for file in (out / "data").iterdir()] == [only.name]

    mine = out / "data" / "mine.parquet"
    pq.write_table(pa.table({"mine": [1]}), mine)
    with pytest.raises(UsageError, match=r"mine\.parquet is not of an export"):
        export(published_set, "hf-audio", out, Hum())
    assert pq.read_table(mine).num_rows == 1
    mine.write_bytes(b"not Parquet")
    with pytest.raises(UsageError, match=r"mine\.parquet is not of an export"):
        export(published_set, "hf-audio", out, Hum())


@pytest.mark.slow
def test_lhotse_reads_the_shar(published_set: Path, tmp_path: Path) -> None:
    lhotse = pytest.importorskip("lhotse")
    done = export(published_set, "lhotse-shar", tmp_path / "shar", Hum())
    cuts = list(lhotse.CutSet.from_shar(in_dir=tmp_path / "shar"))
    assert len(cuts) == done.samples == 78
    assert sum(len(cut.custom["questions"]) for cut in cuts) == done.rows
    assert all(cut.load_audio().shape == (1, cut.num_samples) for cut in cuts)
    with gzip.open(tmp_path / "shar" / "cuts.000000.jsonl.gz") as stream:
        assert len(stream.readlines()) == 78
