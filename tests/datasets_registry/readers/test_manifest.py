import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aig.core.errors import UsageError
from aig.core.records import Clip, Event, Quarantined
from aig.datasets_registry.dataset import Source
from aig.datasets_registry.readers import manifest


def read(file: Path, **keywords):
    return list(manifest.read(file, file.parent, "mine", **keywords))


def json_manifest(folder: Path, *rows: object) -> Path:
    file = folder / "clips.jsonl"
    file.write_text("".join((row if isinstance(row, str) else json.dumps(row)) + "\n" for row in rows))
    return file


def test_only_the_path_is_needed_and_the_id_defaults_to_it(tmp_path):
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "ü.wav").touch()
    file = json_manifest(tmp_path, {"path": "a b/ü.wav"}, {"path": "gone.wav", "audio_id": "x"})
    assert read(file) == [
        Clip(audio_id="mine/a b/ü.wav", dataset="mine", path="a b/ü.wav"),
        Clip(audio_id="mine/x", dataset="mine", path=None),
    ]


def test_the_three_formats_give_the_same_clips(tmp_path):
    rows = [
        {
            "path": "a.wav",
            "labels": ["Dog", "Male speech, man speaking"],
            "events": [
                {"label": "Dog", "onset_s": 2.0, "offset_s": 3.0},
                {"label": "Cat", "onset_s": 0, "offset_s": 1},
            ],
            "age": 44,
            "gender": "Female",
            "text": 'She said "no;\nnever".',
        },
        {"path": "b.wav", "labels": None, "events": None, "age": None, "gender": None, "text": None},
    ]
    in_json = json_manifest(tmp_path, *rows)
    in_csv = tmp_path / "clips.csv"
    in_csv.write_text(
        "path,labels,events,age,gender,text\n"
        'a.wav,"Dog; Male speech, man speaking","[{""label"": ""Dog"", ""onset_s"": 2, ""offset_s"": 3},'
        ' {""label"": ""Cat"", ""onset_s"": 0, ""offset_s"": 1}]",44,Female,"She said ""no;\nnever""."\n'
        "b.wav,,,,,\n"
    )
    in_parquet = tmp_path / "clips.parquet"
    pq.write_table(pa.Table.from_pylist(rows), in_parquet)
    assert read(in_json) == read(in_csv) == read(in_parquet)
    first = read(in_json)[0]
    assert first.events == (Event("Cat", 0.0, 1.0), Event("Dog", 2.0, 3.0))
    assert first.gender == "female"


@pytest.mark.parametrize("name", ["clips.jsonl", "clips.csv", "clips.parquet"])
def test_an_unknown_column_is_refused_by_name_with_the_nearest(tmp_path, name):
    file = tmp_path / name
    match file.suffix:
        case ".jsonl":
            file.write_text('{"path": "a.wav", "lables": ["Dog"]}\n')
        case ".csv":
            file.write_text("path,lables\na.wav,Dog\n")
        case _:
            pq.write_table(pa.table({"path": ["a.wav"], "lables": [["Dog"]]}), file)
    with pytest.raises(UsageError, match=r"'lables', did you mean 'labels'\?"):
        read(file)


def test_an_unknown_column_in_a_later_json_line_costs_that_line(tmp_path):
    first, second, third = read(
        json_manifest(tmp_path, {"path": "a.wav"}, {"path": "b.wav", "tittle": "x"}, {"path": "c.wav"})
    )
    assert second.error == "unknown_column"
    assert "line 2, column tittle" in second.message
    assert [first.audio_id, third.audio_id] == ["mine/a.wav", "mine/c.wav"]


@pytest.mark.parametrize("path", ["../x.wav", "a/../../x.wav", "/etc/passwd", "..", ".", "..\\x.wav", "a\0.wav"])
def test_a_path_out_of_the_root_is_refused(tmp_path, path):
    (bad,) = read(json_manifest(tmp_path, {"path": path}))
    assert isinstance(bad, Quarantined)
    assert bad.error == "path_outside_root"


def test_an_absolute_path_below_the_root_becomes_relative(tmp_path):
    (tmp_path / "a.wav").touch()
    (clip,) = read(json_manifest(tmp_path, {"path": str(tmp_path / "a.wav")}))
    assert clip == Clip(audio_id="mine/a.wav", dataset="mine", path="a.wav")


@pytest.mark.parametrize(
    ("row", "where"),
    [
        ('{"path": "a.wav"', "line 2, column 1"),
        ("[1]", "line 2:"),
        ({"path": "a.wav", "age": 3.5}, "column age"),
        ({"path": "a.wav", "age": True}, "column age"),
        ({"path": "a.wav", "sentiment": 4}, "column sentiment"),
        ({"path": "a.wav", "start_s": -1}, "column start_s"),
        ({"path": "a.wav", "start_s": float("nan")}, "column start_s"),
        ({"path": "a.wav", "start_s": 2, "end_s": 2}, "column end_s"),
        ({"path": "a.wav", "labels": "Dog"}, "column labels"),
        ({"path": "a.wav", "events": [{"label": "Dog", "onset_s": 2, "offset_s": 1}]}, "column events"),
        ({"path": "a.wav", "dataset": "theirs"}, "column dataset"),
        ({"path": ""}, "column path"),
        ({"text": "no path here"}, "column path"),
    ],
)
def test_a_bad_line_is_quarantined_with_its_place_and_the_others_are_read(tmp_path, row, where):
    good, bad, last = read(json_manifest(tmp_path, {"path": "first.wav"}, row, {"path": "last.wav"}))
    assert isinstance(bad, Quarantined)
    assert bad.stage == "index"
    assert "clips.jsonl, line 2" in bad.message
    assert where in bad.message
    assert (good.audio_id, last.audio_id) == ("mine/first.wav", "mine/last.wav")


def test_a_quote_that_is_not_closed_costs_its_own_line(tmp_path):
    file = tmp_path / "clips.csv"
    file.write_bytes(b'path,title\na.wav,"open\nb.wav,B\nc.wav,\xff\nd.wav,D,more\n\n"e.wav","two\nlines"\n')
    found = read(file)
    assert [item.audio_id for item in found if isinstance(item, Clip)] == ["mine/b.wav", "mine/e.wav"]
    assert [item.message.split(":")[0] for item in found if isinstance(item, Quarantined)] == [
        "clips.csv, line 2",
        "clips.csv, line 4, column 2",
        "clips.csv, line 5, column 3",
    ]


def test_a_repeated_clip_is_quarantined_and_its_first_appearance_kept(tmp_path):
    file = json_manifest(tmp_path, {"path": "a.wav", "title": "1"}, {"path": "a.wav"}, {"path": "b.wav"})
    first, repeated, last = manifest.dataset("mine", file).read(Source(tmp_path))
    assert first.title == "1"
    assert repeated.error == "repeated_clip"
    assert last.audio_id == "mine/b.wav"


@pytest.mark.parametrize("name", ["none.jsonl", "clips.xlsx"])
def test_what_is_no_manifest_is_refused(tmp_path, name):
    (tmp_path / "clips.xlsx").touch()
    with pytest.raises(UsageError):
        read(tmp_path / name)
