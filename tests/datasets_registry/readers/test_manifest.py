"""Manifests of one's own data: their forms, paths, columns and damages."""

import gzip
import unicodedata

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aig.core.errors import UsageError
from aig.core.records import Clip, Event, Quarantined
from aig.datasets_registry.dataset import Source
from aig.datasets_registry.readers import manifest
from aig.datasets_registry.readers.columns import Columns
from helpers.manifests import csv_manifest, json_manifest, read


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


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("name", ["clips.jsonl.gz", "clips.jsonl"])
def test_a_packed_manifest_is_known_by_its_content(tmp_path, name, packed):
    text = b'{"path": "a.wav"}\n'
    (tmp_path / name).write_bytes(gzip.compress(text) if packed else text)
    assert [clip.audio_id for clip in read(tmp_path / name)] == ["mine/a.wav"]


@pytest.mark.parametrize("name", ["clips.jsonl.gz", "clips.csv.gz"])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_of_a_damaged_packed_manifest_the_rows_before_are_read_and_the_end_is_told(tmp_path, name, damage):
    rows = [f"{number}-{'x' * (number % 7)}-{number * 7919 % 10007}.wav" for number in range(4000)]
    lines = [f'{{"path": "{row}"}}' for row in rows] if "jsonl" in name else ["path", *rows]
    text = "\n".join(lines) + "\n"
    content = bytearray(gzip.compress(text.encode()))
    if damage == "cut":
        del content[len(content) * 3 // 4 :]
    else:
        content[-6] ^= 0xFF  # the sum at the end
    (tmp_path / name).write_bytes(content)
    *clips, end = read(tmp_path / name)
    assert len(clips) >= 2000
    assert end.error == "malformed_file"
    assert "the packed file" in end.message
    assert "again" in end.advice


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"path;labels;text\na.wav;Dog;Hello\n", "by semicolons"),
        (b"path\tlabels\na.wav\tDog\n", "by tabs"),
        ("path,text\na.wav,Grüße\n".encode("utf-16"), "UTF-16"),
        ("path,text\na.wav,Grüße\n".encode("utf-16-le"), "UTF-16"),
        ("päth,text\n".encode("cp1252"), "cannot be read"),
        (b"PK\x03\x04 a workbook", "a zip archive"),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
    ],
)
def test_what_office_programs_save_is_refused_by_what_it_is(tmp_path, content, why):
    (tmp_path / "clips.csv").write_bytes(content)
    with pytest.raises(UsageError, match=why) as refused:
        read(tmp_path / "clips.csv")
    assert refused.value.advice


@pytest.mark.parametrize("written", ["NFC", "NFD"])
@pytest.mark.parametrize("stored", ["NFC", "NFD"])
def test_a_name_is_found_in_either_normal_form(tmp_path, written, stored):
    name = "Gruß/café crème.wav"
    file = tmp_path / unicodedata.normalize(stored, name)
    file.parent.mkdir()
    file.touch()
    (clip,) = read(json_manifest(tmp_path, {"path": unicodedata.normalize(written, name)}))
    assert (tmp_path / clip.path).is_file()


def test_a_folder_and_its_file_in_different_normal_forms_are_found(tmp_path):
    folder = tmp_path / unicodedata.normalize("NFD", "é")
    folder.mkdir()
    (folder / unicodedata.normalize("NFC", "é.wav")).touch()
    (clip,) = read(json_manifest(tmp_path, {"path": unicodedata.normalize("NFC", "é/é.wav")}))
    assert clip.path is not None


def test_brackets_and_other_signs_in_names_are_no_patterns(tmp_path):
    root = tmp_path / "data [v2] #1 ?*"
    (root / "a [1]").mkdir(parents=True)
    (root / "a [1]" / "b#2.wav").touch()
    (clip,) = read(json_manifest(root, {"path": "a [1]/b#2.wav"}))
    assert clip.path == "a [1]/b#2.wav"


def test_a_damaged_page_costs_its_own_rows(tmp_path):
    file = tmp_path / "clips.parquet"
    paths = [f"{number * 7919 % 10007}.wav" for number in range(60)]
    table = pa.table({"path": paths})
    pq.write_table(table, file, row_group_size=20, use_dictionary=False, write_page_checksum=True)
    column = pq.ParquetFile(file).metadata.row_group(1).column(0)
    content = bytearray(file.read_bytes())
    content[column.data_page_offset + 90] ^= 0xFF
    file.write_bytes(content)
    found = read(file)
    assert [type(item) for item in found] == [Clip] * 20 + [Quarantined] * 20 + [Clip] * 20


def test_text_in_parquet_that_is_not_utf8_costs_its_row(tmp_path):
    title = pa.Array.from_buffers(
        pa.string(), 3, [None, pa.array([0, 1, 3, 4], pa.int32()).buffers()[1], pa.py_buffer(b"a\xff\xfec")]
    )
    pq.write_table(pa.table({"path": ["a.wav", "b.wav", "c.wav"], "title": title}), tmp_path / "clips.parquet")
    first, bad, last = read(tmp_path / "clips.parquet")
    assert (first.title, last.title) == ("a", "c")
    assert "not UTF-8" in bad.message


def test_columns_of_others_are_renamed_and_ignored(tmp_path):
    rows = [{"file": "a.wav", "tags": ["Dog"], "note": "x", "md5": "0"}, {"file": "b.wav", "sha": "1"}]
    columns = Columns({"file": "path", "tags": "labels"}, ("note", "md*"))
    first, bad = read(json_manifest(tmp_path, *rows), columns=columns)
    assert first == Clip(audio_id="mine/a.wav", dataset="mine", labels=("Dog",))
    assert (bad.error, "column sha" in bad.message) == ("unknown_column", True)


@pytest.mark.parametrize(
    ("columns", "why"),
    [
        (Columns({"file": "pth"}), "did you mean 'path'"),
        (Columns({"file": "path", "gone": "title"}), "no column 'gone'"),
        (Columns({"file": "path", "other": "path"}), "twice: file, other"),
        (Columns({}, ("*",)), "has no column path"),
    ],
)
def test_a_map_of_columns_that_does_not_fit_is_refused(tmp_path, columns, why):
    with pytest.raises(UsageError, match=why):
        read(json_manifest(tmp_path, {"file": "a.wav", "other": "b"}), columns=columns)


def test_manifests_of_other_tools_are_known_by_their_columns(tmp_path):
    nemo = {"audio_filepath": "a.wav", "offset": 2.5, "duration": 1.5, "text": "hello", "lang": "en"}
    (clip,) = read(json_manifest(tmp_path, nemo))
    assert clip == Clip(audio_id="mine/a.wav", dataset="mine", start_s=2.5, end_s=4.0, text="hello")
    (clip,) = read(json_manifest(tmp_path, {"key": "k", "wav": "a.wav", "txt": "hello"}))
    assert clip == Clip(audio_id="mine/k", dataset="mine", text="hello")
    (clip,) = read(json_manifest(tmp_path, {"id": 7, "audio": "a.wav", "caption": "[A dog barks]", "source": "x"}))
    assert clip == Clip(audio_id="mine/7", dataset="mine", captions=("[A dog barks]",))
    (tmp_path / "validated.tsv").write_text(
        "client_id\tpath\tsentence\tup_votes\tage\tgender\nc1\ta.mp3\tHello.\t2\ttwenties\tmale_masculine\n"
    )
    (clip,) = read(tmp_path / "validated.tsv")
    assert clip == Clip(audio_id="mine/a.mp3", dataset="mine", text="Hello.", speaker_id="c1", gender="male")
    chat = {"messages": [{"role": "user", "content": "What is heard?"}], "audios": ["a.wav"]}
    (clip,) = read(json_manifest(tmp_path, chat))
    assert clip == Clip(audio_id="mine/a.wav", dataset="mine")


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (['{"path": "a.wav",', '"text": "x"}'] * 20, "is JSON that begins with"),
        (['{"path": 1}'] * 30 + ['{"path": "a.wav"}'], "30 of 31 rows"),
        (["["] + ['{"path": "a.wav"},'] * 30 + ["]"], "32 of 32 rows"),
    ],
    ids=["an object over several lines", "mostly bad", "a JSON list"],
)
def test_a_manifest_of_which_most_rows_are_refused_stops(tmp_path, lines, said):
    with pytest.raises(UsageError, match=said):
        read(json_manifest(tmp_path, *lines))


@pytest.mark.parametrize("head", [",path,text,", "Unnamed: 0,path,text,__index_level_0__"])
def test_the_index_of_a_table_is_left_out(tmp_path, head):
    (clip,) = read(csv_manifest(tmp_path, head, "0,a.wav,hello,7"))
    assert (clip.audio_id, clip.text) == ("mine/a.wav", "hello")


@pytest.mark.parametrize("path", ["s3://b/a.wav", "https://x/a.wav", "C:\\x\\a.wav", "D:/a.wav", "file:///etc/passwd"])
def test_an_address_is_not_a_path(tmp_path, path):
    (told,) = read(json_manifest(tmp_path, {"path": path}))
    assert told.error == "path_outside_root"


def test_a_file_address_below_the_root_is_its_path(tmp_path):
    (clip,) = read(json_manifest(tmp_path, {"path": f"file://{tmp_path}/a.wav"}))
    assert clip.audio_id == "mine/a.wav"


@pytest.mark.parametrize("content", [b"PAR1 and no more", b"version https://git-lfs.github.com/spec/v1\n", b""])
def test_what_is_not_a_whole_parquet_file_is_told(tmp_path, content):
    file = tmp_path / "clips.parquet"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"by its first bytes it is (a Parquet file|a Git LFS pointer|empty)"):
        read(file)


@pytest.mark.parametrize("audio_id", ["a\nb", "a\x7fb", "../x", "a//b", "a/", ".", "x" * 2000, "a\u2028b"])
def test_an_id_that_would_be_a_trap_is_quarantined(tmp_path, audio_id):
    file = json_manifest(tmp_path, {"path": "a.wav", "audio_id": audio_id}, {"path": "b.wav", "audio_id": "a‌b 🎵 #%.."})
    told, clip = manifest.dataset("mine", file).read(Source(tmp_path))
    assert (told.error, clip.audio_id) == ("wrong_id", "mine/a‌b 🎵 #%..")
