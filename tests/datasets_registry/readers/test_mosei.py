"""CMU-MOSEI's lists, transcripts, folds and audio in the forms in which they lie about."""

import wave

import pytest

from aig.core.errors import UsageError
from aig.core.records import Clip
from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Source
from helpers.reader_files import build, places, read

HEADER = "video,segment,start,end,sentiment,happy,sad,anger,surprise,disgust,fear,split\n"


@pytest.fixture
def case(shared_data):
    return lambda folder: read("mosei", shared_data / "cases" / folder / "root")


def test_a_segments_text_is_that_of_its_times(case):
    first, second = case("3_mosei_running_index")
    assert (first.start_s, first.text) == (82.753, "This is said from 82.7645 to 100.5548.")
    assert second.text == "This is said from 4.8402 to 14.0521."


def test_a_segment_without_a_line_of_its_times_has_no_text_and_that_is_said(tmp_path):
    lines = "v___0___0.0___2.9___Zero.\nv___1___3.0___5.0___One.\n"
    rows = "v,0,3.05,5.04,0,0,0,0,0,0,0,train\nv,1,7,9,0,0,0,0,0,0,0,train\n"
    root = build(tmp_path, **{"CMU_MOSEI_Labels.csv": HEADER + rows, "Raw/Transcript/Segmented/Combined/v.txt": lines})
    said = []
    first, second = registry.get("mosei").read(Source(root, note=said.append))
    assert (first.text, second.text) == ("One.", None)
    assert "1 of 2 segments have no text" in said[0]


def test_transcripts_in_other_encodings(case, tmp_path):
    texts = [clip.text for clip in case("dataset_mosei_texts")]
    assert texts == ["A plain sentence.", "The caf\u00e9 was closed.", "Well, that\u2019s it.", "Hello there."]
    rows = "v,0,0,1,0,0,0,0,0,0,0,train\nv,1,1,2,0,0,0,0,0,0,0,train\n"
    text = b"v___0___0___1___b'unfinished\nv___1___1___2___caf\x81\nno line\nv___2___x___2___t\n"
    build(tmp_path, **{"CMU_MOSEI_Labels.csv": HEADER + rows, "transcripts/v.txt": text})
    items = read("mosei", tmp_path)
    assert [clip.text for clip in items if isinstance(clip, Clip)] == ["b'unfinished", None]
    assert places(items) == ["v.txt, line 2, column 20", "v.txt, line 3", "v.txt, line 4, column 3"]


def test_folds_by_any_of_their_names(case, tmp_path):
    assert [clip.split for clip in case("dataset_mosei_val")] == ["train", "dev", "dev"]
    row = "{0},0,0,1,0,0,0,0,0,0,0,{0}\n"
    rows = "".join(row.format(name) for name in ("Train", "valid", "2", "3", "holdout"))
    build(tmp_path, **{"labels.csv": HEADER + rows})
    items = read("mosei", tmp_path, splits=("train", "dev", "test", "none"))
    assert [item.split for item in items if isinstance(item, Clip)] == ["train", "dev", "test", "none"]
    assert "'holdout' is not one of" in items[-1].message


@pytest.mark.parametrize("name", ["dev", "val", "valid", "validation"])
def test_folds_in_files(tmp_path, name):
    rows = "".join(f"{video},0,0,1,0\n" for video in "abc")
    build(tmp_path, **{"labels.csv": "video,segment,start,end,sentiment\n" + rows})
    build(tmp_path, **{"train.txt": "a\n", f"folds/{name}.txt": "b\n", "test.txt": "c\n"})
    assert [clip.split for clip in read("mosei", tmp_path)] == ["train", "dev"]
    build(tmp_path, **{f"folds/{name}.txt": "b\na\n"})
    with pytest.raises(UsageError, match="video a is in the folds train and dev"):
        read("mosei", tmp_path)


def test_the_owners_python_file_of_folds_is_read_and_not_run(tmp_path):
    folds = "import os\nstandard_train_fold=['a']\nstandard_valid_fold=['b']\nstandard_test_fold=['c']\n1 / 0\n"
    rows = "".join(f"{video},0,0,1,0\n" for video in "abc")
    build(tmp_path, **{"labels.csv": "video,segment,start,end,sentiment\n" + rows, "cmu_mosei_std_folds.py": folds})
    clips = read("mosei", tmp_path, splits=("train", "dev", "test"))
    assert [clip.split for clip in clips] == ["train", "dev", "test"]


def sequence(file, data, dimensions=None):
    h5py = pytest.importorskip("h5py")
    with h5py.File(file, "w") as content:
        for video, (intervals, features) in data.items():
            group = content.create_group(f"All Labels/data/{video}")
            group.create_dataset("intervals", data=intervals, compression="gzip")
            group.create_dataset("features", data=features, compression="gzip")
        content.create_dataset("All Labels/metadata/root name", data=[b'"All Labels"'])


def test_the_owners_computational_sequence(tmp_path):
    sequence(
        tmp_path / "CMU_MOSEI_Labels.csd",
        {
            "aaaaaaaaaaa": ([[20.2, 30.4], [-0.4, 3.5]], [[2.3333, 0, 0.7, 0.7, 0, 0, 0], [-1.0, 0, 0, 0, 0, 0, 0]]),
            "bbbbbbbbbbb": ([[1, 2]], [[[0, 1, 0, 0, 0, 0, 0]]]),
            "ccccccccccc": ([[1, 2], [2, 3]], [[0, 1, 0, 0, 0, 0, 0]]),
            "ddddddddddd[4]": ([[1, 2]], [[9, 1, 0, 0, 0, 0, 0]]),
        },
    )
    listed = ",file,index,start,end,label7,split\n0,aaaaaaaaaaa,0,20.2,30.4,1,0\n1,bbbbbbbbbbb,0,1,2,1,1\n"
    listed += "2,ddddddddddd,0,1,2,0,0\n"
    build(tmp_path, **{"s3prl/CMU_MOSEI_Labels.csv": listed, "Raw/Audio/Full/WAV_16000/aaaaaaaaaaa.wav": None})
    build(tmp_path, **{"Transcript/Segmented/Combined/aaaaaaaaaaa.txt": "a___3___20.21___30.41___Third.\n"})
    items = read("mosei", tmp_path)
    first, second, third = (item for item in items if isinstance(item, Clip))
    assert (first.audio_id, first.sentiment, first.emotion, first.text) == (
        "mosei/aaaaaaaaaaa_0", 3, "sad", "Third.",
    )  # fmt: skip
    assert (second.start_s, second.end_s, second.sentiment, second.emotion) == (0.0, 3.5, -1, None)
    assert (third.split, third.emotion, third.path) == ("dev", "happy", None)
    assert first.path == second.path == "Raw/Audio/Full/WAV_16000/aaaaaaaaaaa.wav"
    assert places(items) == [
        "CMU_MOSEI_Labels.csd, line 4, column ccccccccccc",
        "CMU_MOSEI_Labels.csd, line 5, column sentiment",
    ]


def test_another_file_called_csd_is_refused(tmp_path):
    build(tmp_path, **{"CMU_MOSEI_Labels.csd": b"<!DOCTYPE html><html>"})
    pytest.importorskip("h5py")
    with pytest.raises(UsageError, match=r"not a computational sequence.*web page"):
        read("mosei", tmp_path)


def test_mmsas_list_of_clips_with_their_texts(tmp_path):
    build(
        tmp_path,
        **{
            "label.csv": "video_id,clip_id,text,label,label_T,label_A,label_V,annotation,mode\n"
            '-3g5yACwYnA,13,"KEY, IS PART",1.0,,,,Positive,train\n-3g5yACwYnA,2,"TWO\nLINES",0.0,,,,Neutral,valid\n',
            "Raw/-3g5yACwYnA/13.mp4": None,
            "Raw/other/2.mp4": None,
        },
    )
    first, second = read("mosei", tmp_path)
    assert (first.audio_id, first.path, first.text) == (
        "mosei/-3g5yACwYnA_13", "Raw/-3g5yACwYnA/13.mp4", "KEY, IS PART",
    )  # fmt: skip
    assert (first.start_s, first.end_s, first.sentiment) == (None, None, 1)
    assert (second.split, second.path) == ("dev", None)


def test_s3prls_segments_are_files_of_their_own_and_are_not_cut_again(tmp_path):
    rows = ",file,index,start,end,label7,split\n0,v,0,20,22,1,0\n1,v,1,5,6,1,1\n2,w,0,5,6,1,0\n"
    build(tmp_path, **{"CMU_MOSEI_Labels.csv": rows, "Segmented_Audio/dev/v_1.wav": None, "WAV_16000/w.wav": None})
    with wave.open(str(tmp_path / "Segmented_Audio" / "v_0.wav"), "wb") as file:
        file.setparams((1, 2, 16_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 16_000 * 7))
    said = []
    first, second, third = registry.get("mosei").read(Source(tmp_path, note=said.append))
    assert (first.path, first.start_s, first.end_s) == ("Segmented_Audio/v_0.wav", None, None)
    assert (second.path, second.start_s) == ("Segmented_Audio/dev/v_1.wav", None)
    assert (third.path, third.start_s, third.end_s) == ("WAV_16000/w.wav", 5.0, 6.0)
    assert "1 of 1 files of segments are not as long as the list says" in said[1]
