"""A set with its audio inside: validated, loaded, told apart by what may be passed on."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from aig.core.errors import UsageError
from aig.shards.export.audio_copies import Place
from aig.shards.export.embed import embed_audio
from aig.shards.hub import push
from aig.shards.manifest import MANIFEST, Manifest
from aig.shards.sounds import SOUNDS
from aig.shards.statistics import statistics
from aig.shards.validator.validate import validate
from helpers.hub_server import Hub


class Hum:
    def place(self, audio_id: str) -> Place | None:
        return None if audio_id.endswith("clip 7") else Place(Path("/nowhere"), True, "")

    def read(self, audio_id: str) -> np.ndarray:
        return (0.3 * np.sin(np.arange(4000) * 0.05)).astype(np.float32)


def mine(dataset: str, licence: str | None) -> bool:
    return dataset == "my_calls"


@pytest.fixture(scope="module")
def with_audio(published_set: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audio") / "set"
    shutil.copytree(published_set, folder)
    manifest, without = embed_audio(str(folder), Hum(), mine)
    assert (manifest.rows, without) == (660, 2)
    return folder


def test_the_set_stays_valid_and_its_rows_the_same(with_audio: Path, published_set: Path) -> None:
    report = validate(str(with_audio))
    assert (report.to_dict()["errors"], report.rows) == ([], 660)
    assert {finding.code for finding in report.warnings} <= {"longer_than_108", "longer_than_160"}
    assert statistics(str(with_audio)) == statistics(str(published_set))
    shareable = pq.read_table(with_audio / "audio/shareable/train-00000-of-00001.parquet")
    restricted = pq.read_table(with_audio / "audio/restricted/train-00000-of-00001.parquet")
    assert set(shareable.column("dataset").to_pylist()) == {"my_calls"}
    assert set(restricted.column("dataset").to_pylist()) == {"audioset"}
    clip = shareable.slice(0, 1).to_pylist()[0]
    samples, rate = soundfile.read(io.BytesIO(clip["audio"]["bytes"]))
    assert (len(samples), rate, clip["duration_s"]) == (4000, 16_000, 0.25)
    assert [path.name for path in with_audio.iterdir() if path.name.startswith(".")] == []
    card = (with_audio / "README.md").read_text()
    assert "not part of this set" not in card
    assert "`audio/restricted/`" in card


def test_it_is_made_the_same_again_in_any_number_of_threads(with_audio: Path, tmp_path: Path) -> None:
    shutil.copytree(with_audio, tmp_path / "set")
    shutil.rmtree(tmp_path / "set/audio")
    before = Manifest.model_validate_json((with_audio / MANIFEST).read_bytes())
    files = tuple(entry for entry in before.files if not entry.path.startswith("audio/"))
    (tmp_path / "set" / MANIFEST).write_bytes(before.model_copy(update={"files": files}).to_bytes())
    assert embed_audio(str(tmp_path / "set"), Hum(), mine, workers=1)[0] == before


@pytest.mark.slow
def test_datasets_plays_it(with_audio: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = pytest.importorskip("datasets")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    rows = datasets.load_dataset(str(with_audio), "audio", split="train", cache_dir=str(tmp_path))
    assert (len(rows), type(rows.features["audio"]).__name__) == (78, "Audio")
    plain = rows.cast_column("audio", datasets.Audio(decode=False))
    assert soundfile.info(io.BytesIO(plain[0]["audio"]["bytes"])).samplerate == 16_000
    assert {"instruction", "output", "qa_id"} <= set(plain[0]["questions"][0])
    assert len(datasets.load_dataset(str(with_audio), split="train", cache_dir=str(tmp_path))) == 660


Change = Callable[[list[dict[str, Any]]], object]


@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        (lambda rows: rows[0]["audio"].update(bytes=b"fLaC"), "sound", "cannot be read"),
        (lambda rows: rows[0].update(duration_s=9.0), "sound", "its row says 9.00 s"),
        (lambda rows: rows.append(rows[0]), "sound", "a clip twice"),
        (lambda rows: rows[0].update(questions=[]), "sound", "has no questions"),
        (lambda rows: rows[0]["questions"][0].update(output="Else."), "qa_id", "is not its id's"),
        (lambda rows: rows[0].update(audio_id="my_calls/stranger"), "sound", "has no rows in train"),
    ],
)
def test_what_is_wrong_with_the_audio_is_found(
    with_audio: Path, tmp_path: Path, change: Change, code: str, message: str
) -> None:
    path = "audio/shareable/train-00000-of-00001.parquet"
    shutil.copytree(with_audio, tmp_path / "set")
    rows = pq.read_table(with_audio / path).to_pylist()
    change(rows)
    file = tmp_path / "set" / path
    with pq.ParquetWriter(file, SOUNDS, write_page_index=True, write_page_checksum=True) as writer:
        writer.write_table(pa.Table.from_pylist(rows, SOUNDS))
    content = file.read_bytes()
    manifest = json.loads((tmp_path / "set" / MANIFEST).read_text())
    entry = next(entry for entry in manifest["files"] if entry["path"] == path)
    entry |= {"rows": len(rows), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
    (tmp_path / "set" / MANIFEST).write_text(json.dumps(manifest))
    errors = validate(str(tmp_path / "set")).errors
    assert any(finding.code == code and message in finding.message for finding in errors), errors


def test_only_audio_that_may_be_passed_on_is_pushed_and_only_if_asked(
    hub: Hub, with_audio: Path, published_set: Path
) -> None:
    push(str(with_audio), "team/questions")
    first = hub.repos["team/questions"]
    assert not [path for path in first.commits[first.head] if path.startswith("audio/")]
    assert validate("hf://datasets/team/questions").ok
    done = push(str(with_audio), "team/questions", audio=True)
    assert [path for path in first.commits[done.commit] if path.startswith("audio/")] == [
        "audio/shareable/train-00000-of-00001.parquet"
    ]
    assert validate(done.url).ok
    with pytest.raises(UsageError, match="the set holds none"):
        push(str(published_set), "team/questions", audio=True)
