"""The values of a manifest's fields, as people and programs write them."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aig.core.records import Event
from helpers.manifests import csv_manifest, json_manifest, read


@pytest.mark.parametrize(
    ("given", "labels"),
    [
        ("['Dog', 'Cat']", ("Dog", "Cat")),
        ('["Dog", "Cat"]', ("Dog", "Cat")),
        ("""['Dog', "Cat's"]""", ("Dog", "Cat's")),
        ("['Dog', None, '', ' ']", ("Dog",)),
        ("[]", None),
        ("Dog; Cat ;", ("Dog", "Cat")),
    ],
)
def test_a_list_in_a_cell_may_be_written_as_python_does(tmp_path, given, labels):
    quoted = given.replace('"', '""')
    (clip,) = read(csv_manifest(tmp_path, "path,labels", f'a.wav,"{quoted}"'))
    assert clip.labels == labels


@pytest.mark.parametrize(
    "given",
    [
        "['Dog' 'Cat']",  # an array as NumPy prints it: Python would read one text
        "['Dog'\n 'Cat']",
        "['Dog', ..., 'Cat']",
        "['Dog', 'Cat'",
        "[Dog, Cat]",
        "[1, 2]",
        "[open('/etc/passwd')]",
        "['Dog'] * 9999999999",
        "[" * 5000,
    ],
)
@pytest.mark.parametrize("column", ["labels", "captions", "events"])
def test_a_cell_that_looks_like_a_list_and_is_none_costs_its_line(tmp_path, given, column):
    bad, good = read(csv_manifest(tmp_path, f"path,{column}", f'a.wav,"{given}"', "b.wav,"))
    assert f"clips.csv, line 2, column {column}" in bad.message
    assert good.audio_id == "mine/b.wav"


def test_events_in_a_cell_may_be_written_as_python_does(tmp_path):
    cell = "[{'label': 'Dog', 'onset_s': 0.5, 'offset_s': 1}]"
    (clip,) = read(csv_manifest(tmp_path, "path,events", f'a.wav,"{cell}"'))
    assert clip.events == (Event("Dog", 0.5, 1.0),)


@pytest.mark.parametrize("kind", [pa.decimal128(18, 2), pa.float32(), pa.int64(), pa.string()])
def test_numbers_of_any_column_type_are_numbers(tmp_path, kind):
    columns = {"path": ["a.wav"], "start_s": pa.array(["1"]).cast(kind), "age": pa.array(["44"]).cast(kind)}
    pq.write_table(pa.table(columns), tmp_path / "clips.parquet")
    (clip,) = read(tmp_path / "clips.parquet")
    assert (clip.start_s, clip.age) == (1.0, 44)


@pytest.mark.parametrize(
    "row",
    [
        '{"path": "a.wav", "age": ' + "9" * 400 + "}",
        '{"path": "a.wav", "age": ' + "9" * 5000 + "}",
        '{"path": "a.wav", "start_s": 1e999}',
        '{"path": "a.wav", "start_s": "1_000"}',
        '{"path": "a.wav", "title": "Party \\ud83c"}',
        '{"path": "a.wav", "labels": ["\\udc00"]}',
        '{"path": "a.wav", "events": [{"label": "\\ud83c", "onset_s": 0, "offset_s": 1}]}',
        '{"path": "a\\ud83c.wav"}',
        '{"\\ud83c": 1, "path": "a.wav"}',
        '{"path": "a.wav", "events": [{"label": null, "onset_s": 0, "offset_s": 1}]}',
        '{"path": "a.wav", "labels": [1]}',
        '{"path": "a.wav", "gender": 1}',
        '{"path": "a.wav", "text": true}',
        '{"path": {"a": 1}}',
        '{"path": "' + "a" * 5000 + '\\u0000.wav"}',
    ],
)
def test_what_no_reader_expects_costs_its_line(tmp_path, row):
    _, bad, last = read(json_manifest(tmp_path, {"path": "first.wav"}, row, {"path": "last.wav"}))
    assert bad.stage == "index"
    assert "clips.jsonl, line 2" in bad.message
    assert bad.message.isprintable()
    assert len(bad.message) < 6000
    assert last.audio_id == "mine/last.wav"


def test_blank_items_of_lists_are_absent(tmp_path):
    (clip,) = read(json_manifest(tmp_path, {"path": "a.wav", "captions": ["", " A dog. ", None], "labels": ["\t"]}))
    assert (clip.captions, clip.labels) == (("A dog.",), None)


@pytest.mark.parametrize(
    ("given", "gender"),
    [
        ("m", "male"), ("F", "female"), ("male_masculine", "male"), ("Female feminine", "female"), ("Man", "male"),
        ("unknown", None), ("do_not_wish_to_say", None), ("non-binary", "non_binary"), ("transgender", "transgender"),
    ],
)  # fmt: skip
def test_genders_as_people_write_them(tmp_path, given, gender):
    (clip,) = read(json_manifest(tmp_path, {"path": "a.wav", "gender": given}))
    assert clip.gender == gender


def test_names_written_as_numbers_are_their_digits(tmp_path):
    columns = {"path": ["a.wav"], "speaker_id": [17.0], "title": [1984]}
    pq.write_table(pa.table(columns), tmp_path / "clips.parquet")
    (clip,) = read(tmp_path / "clips.parquet")
    assert (clip.speaker_id, clip.title) == ("17", "1984")
