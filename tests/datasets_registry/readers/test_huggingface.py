"""Folders of tables and tars with audio inside are read in place, and each clip has its own audio."""

import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import soundfile

from aig.core.errors import UsageError
from aig.core.members import real_file
from aig.core.records import Clip, Event, Quarantined
from aig.datasets_registry.dataset import Source
from aig.datasets_registry.readers import manifest
from aig.datasets_registry.readers.columns import Columns
from helpers.audio_in_files import audio, wav, write_tar


def save(folder, table, features=None, name="data-00000-of-00001.arrow", split=None):
    """A folder as `datasets.save_to_disk` writes it."""
    folder.mkdir(parents=True)
    metadata = {"huggingface": json.dumps({"info": {"features": features or {}}})}
    table = table.replace_schema_metadata(metadata)
    with pa.ipc.new_stream(str(folder / name), table.schema) as writer:
        writer.write_table(table, max_chunksize=2)
    (folder / "state.json").write_text(json.dumps({"_data_files": [{"filename": name}], "_split": split}))
    (folder / "dataset_info.json").write_text("{}")


def read(path, root, **columns):
    fitted = Columns(columns.get("columns", {}), tuple(columns.get("ignore", ())))
    return list(manifest.dataset("mine", path, columns=fitted).read(Source(root)))


def heard(root, clip):
    """The tone that a clip's path leads to."""
    with real_file(root / clip.path) as file:
        samples, rate = soundfile.read(file)
    return round(np.abs(np.fft.rfft(samples)).argmax() * rate / len(samples))


def test_each_clip_of_a_saved_folder_has_its_own_audio(tmp_path):
    tones = (100, 200, 300)
    save(tmp_path / "hf", pa.table({"audio": audio(*tones), "title": ["100", "200", None]}))
    clips = read(tmp_path / "hf", tmp_path)
    assert [clip.title for clip in clips] == ["100", "200", None]
    assert [heard(tmp_path, clip) for clip in clips] == list(tones)
    assert not list(tmp_path.rglob("*.wav"))
    assert [clip.audio_id for clip in clips] == ["mine/00000000", "mine/00000001", "mine/00000002"]


def test_folders_side_by_side_and_saved_again_keep_their_own_audio(tmp_path):
    for name, tones in (("one", (100, 200)), ("other", (200, 100))):
        save(tmp_path / name, pa.table({"audio": audio(*tones), "title": [str(hz) for hz in tones]}))
        assert [heard(tmp_path, clip) for clip in read(tmp_path / name, tmp_path)] == list(tones)
    (tmp_path / "one").rename(tmp_path / "old")
    (tmp_path / "other").rename(tmp_path / "one")
    assert [(heard(tmp_path, clip), clip.title) for clip in read(tmp_path / "one", tmp_path)] == [
        (200, "200"),
        (100, "100"),
    ]


def test_classes_are_read_by_their_names(tmp_path):
    features = {
        "gender": {"_type": "ClassLabel", "names": ["female", "male"]},
        "labels": {"_type": "List", "feature": {"_type": "ClassLabel", "names": ["Dog", "Cat"]}},
        "genres": [{"_type": "ClassLabel", "names": ["Rock"]}],
    }
    columns = {"gender": [1, -1, 2, None], "labels": [[1, 0], [], [0], None], "genres": [[0], None, [0], [0]]}
    save(tmp_path / "hf", pa.table({"audio": audio(100, 200, 300, 400), **columns}), features)
    first, second, bad, last = read(tmp_path / "hf", tmp_path)
    assert (first.gender, first.labels, first.genres) == ("male", ("Cat", "Dog"), ("Rock",))
    assert (second.gender, second.labels, last.gender) == (None, None, None)
    assert "a class that the table does not name" in bad.message


def test_features_of_a_column_that_was_taken_out_do_no_harm(tmp_path):
    features = {"kind": {"_type": "ClassLabel", "names": ["a", "b"]}, "title": "odd"}
    table = pa.table({"audio": audio(100), "title": ["x"]})
    save(tmp_path / "hf", table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})}))
    assert [clip.title for clip in read(tmp_path / "hf", tmp_path)] == ["x"]


def test_splits_are_those_of_the_saved_dictionary_or_of_the_files_names(tmp_path):
    for split in ("train", "test"):
        save(tmp_path / "hf" / split, pa.table({"audio": audio(100, 200)}))
    (tmp_path / "hf" / "dataset_dict.json").write_text('{"splits": ["train", "test"]}')
    assert [clip.audio_id for clip in read(tmp_path / "hf", tmp_path)] == [
        f"mine/{split}/0000000{n}" for split in ("train", "test") for n in (0, 1)
    ]
    for name in ("data/train-00000-of-00002", "data/train-00001-of-00002", "val/0000", "data/test.clean/x"):
        (tmp_path / "hub" / name).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.table({"audio": audio(100)}), tmp_path / "hub" / f"{name}.parquet")
    clips = read(tmp_path / "hub", tmp_path)
    assert [(clip.split, clip.audio_id.split("/")[-1]) for clip in clips] == [
        ("test", "00000000"),
        ("train", "00000000"),
        ("train", "00000001"),
        ("validation", "00000000"),
    ]


def test_audio_that_lies_beside_a_table_is_found_by_its_path(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(100))
    rows = pa.array(
        [{"bytes": None, "path": "a.wav"}, {"bytes": wav(200), "path": "b.wav"}, {"bytes": None, "path": None}]
    )
    pq.write_table(pa.table({"audio": rows}), tmp_path / "x.parquet")
    first, second, third = read(tmp_path / "x.parquet", tmp_path)
    assert (first.path, second.path) == ("a.wav", "x.parquet#000001")
    assert third.error == "malformed_line"


def test_a_table_that_also_says_where_its_audio_came_from_keeps_its_own(tmp_path):
    table = pa.table({"audio": audio(100), "path": ["/home/them/x.wav"], "sentence": ["Hi."], "client_id": ["c"]})
    pq.write_table(table, tmp_path / "x.parquet")
    (clip,) = read(tmp_path / "x.parquet", tmp_path)
    assert (clip.path, clip.text, clip.speaker_id) == ("x.parquet#000000", "Hi.", "c")


def test_a_packed_tar_is_refused(tmp_path):
    (tmp_path / "x.tar.gz").touch()
    with pytest.raises(UsageError, match="is packed"):
        read(tmp_path / "x.tar.gz", tmp_path)


def test_events_as_datasets_keeps_sequences_of_them(tmp_path):
    events = [{"label": ["Dog", "Cat"], "onset_s": [1.0, 0.0], "offset_s": [2.0, 1.0]}]
    save(tmp_path / "hf", pa.table({"audio": audio(100), "events": events}))
    (clip,) = read(tmp_path / "hf", tmp_path)
    assert clip.events == (Event("Cat", 0.0, 1.0), Event("Dog", 1.0, 2.0))


def test_an_unknown_column_is_refused_before_anything_is_read(tmp_path):
    save(tmp_path / "hf", pa.table({"audio": audio(100), "tittle": ["x"]}))
    with pytest.raises(UsageError, match="did you mean 'title'") as refused:
        read(tmp_path / "hf", tmp_path)
    assert "columns: {tittle: ...}" in refused.value.advice
    (clip,) = read(tmp_path / "hf", tmp_path, columns={"tittle": "title"})
    assert clip.title == "x"
    assert read(tmp_path / "hf", tmp_path, ignore=["tit*"])[0].title is None


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda folder: None, "holds no tables with audio"),
        (lambda folder: (folder / "state.json").write_text("{"), "cannot be read"),
        (lambda folder: (folder / "state.json").write_text("{}"), "does not list its files"),
        (lambda folder: (folder / "state.json").write_text('{"_data_files": [{"filename": "x.arrow"}]}'), "lacks"),
        (lambda folder: (folder / "dataset_dict.json").write_text('{"splits": ["../x"]}'), "does not list its splits"),
        (lambda folder: (folder / "a.parquet").write_bytes(b"PAR1"), "cannot be read"),
        (lambda folder: pq.write_table(pa.table({"title": ["a"]}), folder / "a.parquet"), "0 columns of audio"),
        (lambda folder: pq.write_table(pa.table({"a": audio(1), "b": audio(1)}), folder / "a.parquet"), "2 columns"),
    ],
)
def test_a_folder_that_is_not_a_dataset_is_refused_with_advice(tmp_path, make, why):
    (tmp_path / "x").mkdir()
    make(tmp_path / "x")
    with pytest.raises(UsageError, match=why) as refused:
        read(tmp_path / "x", tmp_path)
    assert refused.value.advice


def test_a_damaged_row_group_costs_its_own_rows(tmp_path):
    file = tmp_path / "x.parquet"
    table = pa.table({"audio": audio(*range(100, 160)), "title": [f"title number {n:04d}" for n in range(60)]})
    pq.write_table(table, file, row_group_size=20, compression="zstd", use_dictionary=False, write_page_checksum=True)
    column = pq.ParquetFile(file).metadata.row_group(1).column(2)
    content = bytearray(file.read_bytes())
    content[column.data_page_offset + column.total_compressed_size - 8] ^= 0xFF
    file.write_bytes(content)
    found = read(file, tmp_path)
    assert [type(item) for item in found] == [Clip] * 20 + [Quarantined] * 20 + [Clip] * 20
    assert {item.error for item in found[20:40]} == {"malformed_file"}


def test_audio_files_with_metadata(tmp_path):
    for name in ("train/a.wav", "test/b.wav"):
        (tmp_path / "data" / name).parent.mkdir(parents=True)
        (tmp_path / "data" / name).write_bytes(wav(100))
    (tmp_path / "data" / "train" / "metadata.csv").write_text("file_name,text\na.wav,Hello\n../../c.wav,Out\n")
    (tmp_path / "data" / "test" / "metadata.jsonl").write_text('{"file_name": "b.wav", "text": "Bye"}\n')
    last, first, bad = read(tmp_path / "data", tmp_path / "data")
    assert (first.path, first.split, first.text) == ("train/a.wav", "train", "Hello")
    assert (last.path, last.split, last.text) == ("test/b.wav", "test", "Bye")
    assert bad.error == "path_outside_root"


def test_the_transcriptions_of_audio_files_are_their_texts(tmp_path):
    (tmp_path / "a.wav").write_bytes(wav(100))
    (tmp_path / "metadata.csv").write_text("file_name,transcription\na.wav,hello\n")
    assert [clip.text for clip in read(tmp_path, tmp_path)] == ["hello"]


def test_tars_of_a_webdataset(tmp_path):
    write_tar(
        tmp_path / "wds" / "train" / "000.tar",
        {
            "a/1.wav": wav(100),
            "a/1.json": b'{"labels": ["Dog"], "speaker": "s"}',
            "a/1.jpg": b"picture",
            "./b.wav": wav(200),
            "./b.txt": "Grüße".encode(),
            "c.txt": b"no audio",
            "d.wav": wav(300),
            "d.json": b'{"labels": ',
            "e.l.wav": wav(300),
            "e.r.wav": wav(300),
            "f.wav": wav(400),
        },
    )
    one, two, three, four, five, six = read(tmp_path / "wds", tmp_path, columns={"speaker": "speaker_id"})
    assert one == Clip(
        audio_id="mine/a/1", dataset="mine", path="wds/train/000.tar#a/1.wav", labels=("Dog",), speaker_id="s"
    )
    assert (two.audio_id, two.text, six.path) == ("mine/b", "Grüße", "wds/train/000.tar#f.wav")
    assert [heard(tmp_path, clip) for clip in (one, two, six)] == [100, 200, 400]
    assert "0 audio files" in three.message
    assert "not JSON" in four.message
    assert "2 audio files" in five.message


def test_a_cut_tar_gives_what_is_whole_and_says_so(tmp_path):
    write_tar(tmp_path / "a.tar", {f"{number}.wav": wav(100) for number in range(5)})
    content = (tmp_path / "a.tar").read_bytes()
    (tmp_path / "a.tar").write_bytes(content[: len(content) // 2])
    *clips, end = read(tmp_path / "a.tar", tmp_path)
    assert len(clips) >= 2
    assert (end.error, "cannot be read further" in end.message) == ("malformed_file", True)
    (tmp_path / "b.tar").write_bytes(b"not a tar" * 200)
    (end,) = read(tmp_path / "b.tar", tmp_path)
    assert end.error == "malformed_file"


@pytest.mark.slow
def test_what_datasets_itself_writes_is_read(tmp_path):
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {
            "audio": datasets.Audio(decode=False),
            "labels": datasets.List(datasets.ClassLabel(names=["Dog", "Cat"])),
            "title": datasets.Value("string"),
        }
    )
    columns = {"audio": audio(100, 200, 300), "labels": [[1], [0], [0, 1]], "title": ["100", "200", "300"]}
    table = datasets.Dataset(
        pa.table(columns, schema=features.arrow_schema), info=datasets.DatasetInfo(features=features)
    )
    shuffled = table.shuffle(seed=1)
    shuffled.save_to_disk(tmp_path / "hf")
    datasets.DatasetDict({"train": table, "test": shuffled}).save_to_disk(tmp_path / "dict")
    shuffled.to_parquet(tmp_path / "hub" / "train-00000-of-00001.parquet")
    for name, count in (("hf", 3), ("dict", 6), ("hub", 3)):
        clips = read(tmp_path / name, tmp_path)
        assert [heard(tmp_path, clip) for clip in clips] == [int(clip.title) for clip in clips]
        assert {clip.title: clip.labels for clip in clips} == {"100": ("Cat",), "200": ("Dog",), "300": ("Dog", "Cat")}
        assert len(clips) == count
