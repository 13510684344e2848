"""Mirrors on the Hugging Face hub, in their own layouts, give the clips of the owners' files with their own audio."""

import io
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from aig.core.members import real_file
from aig.core.records import Clip, Quarantined
from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Source
from aig.datasets_registry.readers.mirrors import mirror_of
from helpers.audio_in_files import write_tar


def flac(hz):
    stream = io.BytesIO()
    soundfile.write(stream, np.sin(np.arange(1600) * hz * 2 * np.pi / 16_000) / 2, 16_000, format="FLAC")
    return stream.getvalue()


def table(folder, name, **columns):
    """A file of a mirror; each row's audio is a tone of its own."""
    count = len(next(iter(columns.values())))
    names = columns.pop("audio_name", [None] * count)
    audio = [{"bytes": flac(100 * (row + 1)), "path": name} for row, name in enumerate(names)]
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({**columns, "audio": audio}), folder / name)


def read(name, root, **source):
    notes = []
    found = list(registry.get(name).read(Source(root, note=notes.append, **source)))
    return found, notes


def tones(root, clips):
    heard = []
    for clip in clips:
        with real_file(root / clip.path) as file:
            samples, rate = soundfile.read(file)
        heard.append(round(np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples)))
    return heard


def test_audioset(tmp_path):
    rows = {
        "video_id": ["-_aB3xYz012", "abcdefghijk"],
        "labels": [["/m/1"], ["/m/2"]],
        "human_labels": [["Dog"], ["Cat"]],
    }
    for part in ("bal_train", "unbal_train", "eval"):
        table(tmp_path, f"data/{part}/00.parquet", **rows)
    found, _ = read("audioset", tmp_path, splits=("balanced_train",))
    assert [(clip.audio_id, clip.split, clip.labels, clip.source_key) for clip in found] == [
        ("audioset/-_aB3xYz012", "balanced_train", ("Dog",), "youtube:-_aB3xYz012"),
        ("audioset/abcdefghijk", "balanced_train", ("Cat",), "youtube:abcdefghijk"),
    ]
    assert tones(tmp_path, found) == [100, 200]
    assert found[1].path == "data/bal_train/00.parquet#000001"


def test_audiocaps_with_five_captions_a_clip(tmp_path):
    rows = {"audiocap_id": [1, 2, 3], "youtube_id": ["abcdefghijk"] * 2 + ["bbcdefghijk"], "start_time": [30, 30, 0]}
    table(tmp_path, "data/test-00000-of-00001.parquet", **rows, caption=["One.", "Two.", "Three."])
    found, _ = read("audiocaps", tmp_path, splits=("test",))
    assert [(clip.audio_id, clip.captions) for clip in found] == [
        ("audiocaps/abcdefghijk_30", ("One.", "Two.")),
        ("audiocaps/bbcdefghijk_0", ("Three.",)),
    ]
    assert tones(tmp_path, found) == [100, 300]


@pytest.mark.parametrize("name", ["libritts", "libritts_r"])
def test_libritts(tmp_path, name):
    rows = {
        "text_normalized": ["Hello."],
        "text_original": ["hello"],
        "speaker_id": ["19"],
        "id": ["19_198_000000_000000"],
    }
    for part in ("train.clean.100", "train.clean.360", "dev.clean"):
        table(tmp_path, f"data/{part}/{part}-00000-of-00001.parquet", **rows, path=["/home/x.wav"], chapter_id=["198"])
    found, notes = read(name, tmp_path, parts=("train-clean-100",))
    (clip,) = found
    assert (clip.audio_id, clip.text, clip.gender) == (f"{name}/19_198_000000_000000", "Hello.", None)
    assert clip.path == "data/train.clean.100/train.clean.100-00000-of-00001.parquet#000000"
    assert "no SPEAKERS.txt" in notes[0]
    (tmp_path / "SPEAKERS.txt").write_text("; comment\n19   | F | train-clean-100  | 25.19 | Kara\n")
    (clip,), _ = read(name, tmp_path, parts=("train-clean-100",))
    assert clip.gender == "female"


def test_fma(tmp_path):
    rows = {"title": ["Food", "No id"], "artist": ["AWOL", "B"], "genres": [["Hip-Hop"], []], "license": ["CC", None]}
    table(tmp_path, "data/train-00000-of-00171.parquet", **rows, audio_name=["000002.mp3", None])
    (first, second), notes = read("fma", tmp_path)
    assert (first.audio_id, first.genres, first.licence) == ("fma/000002", ("Hip-Hop",), "CC")
    assert (first.split, first.source_key) == ("training", "fma:000002")
    assert second.audio_id == "fma/data/train-00000-of-00171/1"
    assert "test tracks are read as training" in notes[0]


def test_fsd50k(tmp_path):
    table(tmp_path, "data/dev-0.parquet", fname=[64760], labels=[["Bark", "Dog"]])
    (clip,), _ = read("fsd50k", tmp_path)
    assert (clip.audio_id, clip.labels, clip.source_key) == ("fsd50k/64760", ("Bark", "Dog"), "freesound:64760")


def test_a_mirror_is_own_data_too(tmp_path):
    from aig.datasets_registry.readers import manifest

    table(
        tmp_path / "m", "data/bal_train/00.parquet", video_id=["abcdefghijk"], human_labels=[["Cat"]], labels=[["/m/2"]]
    )
    (clip,) = manifest.dataset("mine", tmp_path / "m").read(Source(tmp_path))
    assert (clip.audio_id, clip.labels) == ("mine/abcdefghijk", ("Cat",))


def test_what_is_damaged_costs_its_own_rows_and_no_other_folder_is_taken_for_a_mirror(tmp_path):
    table(tmp_path, "data/bal_train/01.parquet", video_id=["abcdefghijk"], human_labels=[["Cat"]])
    (tmp_path / "data" / "bal_train" / "00.parquet").write_bytes(b"PAR1 half")
    assert mirror_of("audioset", tmp_path).name == "agkphysics/AudioSet"
    assert mirror_of("fsd50k", tmp_path) is None
    assert mirror_of("audioset", tmp_path / "data" / "bal_train") is not None
    shutil.rmtree(tmp_path / "data")
    assert mirror_of("audioset", tmp_path) is None


def test_audio_of_the_owners_lists_is_found_inside_tars(tmp_path):
    (tmp_path / "class_labels_indices.csv").write_text("index,mid,display_name\n0,/m/1,Dog\n")
    lines = [f'{video}, 30.000, 40.000, "/m/1"\n' for video in ("-_aB3xYz012", "abcdefghijk", "bbcdefghijk")]
    (tmp_path / "balanced_train_segments.csv").write_text("".join(lines))
    members = {"a/-_aB3xYz012.flac": flac(100), "Yabcdefghijk.flac": flac(200)}
    write_tar(tmp_path / "20k" / "train" / "000.tar", members)
    (tmp_path / "bad.tar").write_bytes(b"half a tar" * 100)
    found, _ = read("audioset", tmp_path, splits=("balanced_train",))
    assert [clip.path for clip in found] == [
        "20k/train/000.tar#a/-_aB3xYz012.flac",
        "20k/train/000.tar#Yabcdefghijk.flac",
        None,
    ]
    assert tones(tmp_path, found[:2]) == [100, 200]
    (tmp_path / "Yabcdefghijk.flac").write_bytes(flac(300))
    assert read("audioset", tmp_path, splits=("balanced_train",))[0][1].path == "Yabcdefghijk.flac"


def test_a_row_without_its_id_is_quarantined(tmp_path):
    table(
        tmp_path,
        "data/train-0.parquet",
        youtube_id=["abcdefghijk", None],
        start_time=[30.0, 1.0],
        caption=["One.", "Two."],
    )
    found, _ = read("audiocaps", tmp_path)
    assert {type(item): item.audio_id for item in found} == {Clip: "audiocaps/abcdefghijk_30", Quarantined: ""}
