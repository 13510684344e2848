"""Hugging Face folders and Lhotse manifests give the same clips as a manifest."""

import gzip
import json
import shutil

import numpy as np
import pyarrow as pa
import pytest
import soundfile

from aig.core.errors import UsageError
from aig.core.records import Clip
from aig.datasets_registry.dataset import Source
from aig.datasets_registry.readers import manifest


@pytest.fixture
def wav(tmp_path):
    file = tmp_path / "sub" / "a.wav"
    file.parent.mkdir()
    soundfile.write(file, np.zeros(1600), 16_000)
    return file


def read(path, root):
    return list(manifest.dataset("mine", path).read(Source(root)))


@pytest.mark.slow
def test_a_hugging_face_folder_with_the_audio_inside(tmp_path, wav):
    datasets = pytest.importorskip("datasets")
    audio = [{"bytes": wav.read_bytes(), "path": "x.wav"}, {"bytes": wav.read_bytes(), "path": None}]
    features = datasets.Features(
        {
            "audio": datasets.Audio(decode=False),
            "labels": datasets.List(datasets.Value("string")),
            "title": datasets.Value("string"),
        }
    )
    columns = {"audio": audio, "labels": [["Dog"], ["Cat"]], "title": ["one", None]}
    table = datasets.Dataset(
        pa.table(columns, schema=features.arrow_schema), info=datasets.DatasetInfo(features=features)
    )
    table.save_to_disk(tmp_path / "hf")
    first, second = read(tmp_path / "hf", tmp_path)
    assert (first.labels, first.title, second.title) == (("Dog",), "one", None)
    assert {(tmp_path / clip.path).read_bytes() for clip in (first, second)} == {wav.read_bytes()}
    assert first.audio_id == "mine/audio_of_tables/00000000.wav"
    assert read(tmp_path / "hf", tmp_path) == [first, second]

    datasets.DatasetDict({"train": table, "test": table}).save_to_disk(tmp_path / "hf2")
    assert [clip.split for clip in read(tmp_path / "hf2", tmp_path)] == ["train", "train", "test", "test"]

    table.rename_column("title", "tittle").save_to_disk(tmp_path / "hf3")
    with pytest.raises(UsageError, match="did you mean 'title'"):
        read(tmp_path / "hf3", tmp_path)


def test_a_folder_that_is_no_dataset(tmp_path):
    pytest.importorskip("datasets")
    with pytest.raises(UsageError, match="is no Hugging Face dataset"):
        read(tmp_path, tmp_path)


RECORDING = {
    "id": "rec",
    "sources": [{"type": "file", "channels": [0], "source": "sub/a.wav"}],
    "sampling_rate": 16_000,
    "num_samples": 1600,
    "duration": 0.1,
    "channel_ids": [0],
}


def supervision(start, text, speaker):
    return {
        "id": f"{start}", "recording_id": "rec", "start": start, "duration": 0.01, "channel": 0, "text": text,
        "speaker": speaker, "gender": "Female",
    }  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("packed", [False, True])
def test_lhotse_cuts(tmp_path, wav, packed):
    pytest.importorskip("lhotse")
    cut = {
        "id": "cut-1", "start": 0.02, "duration": 0.05, "channel": 0, "recording": RECORDING, "type": "MonoCut",
        "supervisions": [supervision(0.03, "world", "s1"), supervision(0.0, "hello", "s2")],
    }  # fmt: skip
    text = json.dumps(cut) + "\n"
    file = tmp_path / ("cuts.jsonl.gz" if packed else "cuts.jsonl")
    file.write_bytes(gzip.compress(text.encode()) if packed else text.encode())
    (clip,) = read(file, tmp_path)
    assert clip == Clip(
        audio_id="mine/cut-1",
        dataset="mine",
        path="sub/a.wav",
        start_s=0.02,
        end_s=pytest.approx(0.07),
        text="hello world",
        gender="female",
    )


@pytest.mark.slow
def test_lhotse_recordings(tmp_path, wav):
    pytest.importorskip("lhotse")
    file = tmp_path / "recordings.jsonl"
    file.write_text(json.dumps(RECORDING) + "\n")
    assert read(file, tmp_path) == [Clip(audio_id="mine/rec", dataset="mine", path="sub/a.wav")]
    shutil.rmtree(wav.parent)
    assert read(file, tmp_path) == [Clip(audio_id="mine/rec", dataset="mine", path=None)]
