"""Datasets as they lie on people's disks: other layouts, encodings, file names and versions than the owners' own."""

import json

import pytest

from aig.core.errors import UsageError
from aig.core.records import Clip
from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Source
from helpers.reader_files import build, ids, places, read


@pytest.fixture
def case(shared_data):
    """A dataset of the shared small inputs: `case(folder, dataset)`."""

    def read_case(folder, name, **keywords):
        return read(name, shared_data / "cases" / folder / "root", **keywords)

    return read_case


def notes(name, root, **keywords):
    said = []
    list(registry.get(name).read(Source(root, note=said.append, **keywords)))
    return said


AUDIOSET = {
    "class_labels_indices.csv": "index,mid,display_name\n0,/m/1,Speech\n",
    "balanced_train_segments.csv": "# made\n# num\n# YTID, start_seconds, end_seconds, positive_labels\n"
    'abcdefghijk, 30.000, 40.000, "/m/1"\n',
}


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("abcdefghijk.wav", True),
        ("Yabcdefghijk.flac", True),
        ("a/Speech/abcdefghijk_30.0-40.0.ogg", True),
        ("abcdefghijk_30-40.wav", True),
        ("abcdefghijk-30.wav", True),
        ("abcdefghijk_30000_40000.m4a", True),
        ("abcdefghijk_000030.mp4", True),
        ("Yabcdefghijk_30.000_40.000.wav", True),
        ("abcdefghijk_50.0-60.0.ogg", False),
        ("abcdefghijk_000100.mp4", False),
    ],
)
def test_a_name_with_times_is_the_clips_that_starts_then(tmp_path, file, found):
    (clip,) = read("audioset", build(tmp_path, **AUDIOSET, **{file: None}))
    assert clip.path == (file if found else None)


def test_of_two_files_of_a_video_the_one_that_starts_with_the_clip_is_taken(tmp_path):
    build(tmp_path, **AUDIOSET, **{"abcdefghijk_10.wav": None, "abcdefghijk_30.m4a": None, "b/abcdefghijk.mp3": None})
    assert read("audioset", tmp_path)[0].path == "abcdefghijk_30.m4a"


def test_two_clips_of_a_video_have_a_file_each(case, tmp_path):
    cat, dog = sorted(case("2_vggsound_two_clips_of_a_video", "vggsound"), key=lambda clip: clip.labels)
    assert (cat.labels, cat.path) == (("Cat meowing",), "audio/abcdefghijk_000075.wav")
    assert (dog.labels, dog.path) == (("Dog barking",), "audio/abcdefghijk_000025.wav")
    rows = "abcdefghijk,25,dog barking,train\nabcdefghijk,75,cat meowing,test\nbbbbbbbbbbb,1,rain,train\n"
    build(tmp_path, **{"vggsound.csv": rows, "abcdefghijk.wav": None, "bbbbbbbbbbb.wav": None})
    assert [clip.path for clip in read("vggsound", tmp_path)] == [None, "bbbbbbbbbbb.wav"]


def test_a_dot_in_a_name_is_not_a_suffix(case):
    clips = case("1_clotho_dots", "clotho")
    assert [clip.audio_id for clip in clips] == ["clotho/development/river.01", "clotho/development/river.02"]
    assert [clip.path for clip in clips] == ["development/river.01.wav", "development/river.02.wav"]


CLOTHO = {
    f"clotho_captions_{split}.csv": f"file_name,caption_1,caption_2,caption_3,caption_4,caption_5\n{rows}"
    for split, rows in {
        "development": "both.wav,a,b,c,d,e\nown.wav,a,b,c,d,e\n",
        "validation": "both.wav,v,w,x,y,z\n",
    }.items()
}


@pytest.mark.parametrize("folder", ["clotho_audio_files/{}", "audio/{}", "clotho_audio_{}/{}", "CLOTHO/deep/{}"])
def test_a_name_in_two_splits_has_its_own_audio_in_each(tmp_path, folder):
    files = {f"{folder.format(split, split)}/both.wav": None for split in ("development", "validation")}
    clips = {clip.audio_id: clip.path for clip in read("clotho", build(tmp_path, **CLOTHO, **files))}
    for split in ("development", "validation"):
        assert clips[f"clotho/{split}/both"] == f"{folder.format(split, split)}/both.wav"


def test_where_all_splits_share_a_folder_a_name_of_two_has_no_audio(tmp_path):
    clips = read("clotho", build(tmp_path, **CLOTHO, **{"audio/both.wav": None, "audio/own.wav": None}))
    assert [clip.path for clip in clips] == [None, "audio/own.wav", None]


def test_clothos_licences_in_latin_1(tmp_path):
    rows = "file_name,keywords,sound_id,sound_link,start_end_samples,manufacturer,license\n"
    rows += "own.wav,caf\u00e9,17,x,x,Ren\u00e9,http://creativecommons.org/licenses/by/3.0/\n"
    build(tmp_path, **CLOTHO, **{"clotho_metadata_development.csv": rows.encode("latin-1")})
    items = read("clotho", tmp_path, splits=("development",))
    assert (items[1].licence, items[1].source_key) == ("CC-BY-3.0", "freesound:17")


def test_a_line_break_in_a_caption_is_no_new_line(case, tmp_path):
    first, second = case("dataset_audiocaps_line_break", "audiocaps")
    assert first.captions == ("an engine chugs loudly with muffled voices in the background",)
    assert second.captions == ("a bell rings",)
    build(
        tmp_path,
        **{
            "dataset2.0/train.csv": "audiocap_id,youtube_id,start_time,caption\n"
            '1,aaaaaaaaaaa,0,"quoted,\nover two lines"\n2,bbbbbbbbbbb,10,whole\n3,ccccccccc\n'
        },
    )
    quoted, whole, cut = sorted(read("audiocaps", tmp_path), key=lambda item: item.audio_id or "z")
    assert quoted.captions == ("quoted, over two lines",)
    assert whole.captions == ("whole",)
    assert "line 5" in cut.message


def test_audiocaps_versions_and_numbered_files(tmp_path):
    header = "audiocap_id,youtube_id,start_time,caption\n"
    build(
        tmp_path,
        **{
            "csv_files_v1/train.csv": header + "7,aaaaaaaaaaa,30,one\n",
            "csv_files_v2/train.csv": header + "9,bbbbbbbbbbb,10,two\n",
            "train/7.wav": None,
            "test/9.wav": None,
            "audio_32000Hz/train/bbbbbbbbbbb_10.flac": None,
        },
    )
    (first,), (second,) = read("audiocaps", tmp_path), read("audiocaps", tmp_path, parts=("v2",))
    assert (first.audio_id, first.path) == ("audiocaps/aaaaaaaaaaa_30", "train/7.wav")
    assert (second.audio_id, second.path) == ("audiocaps/bbbbbbbbbbb_10", "audio_32000Hz/train/bbbbbbbbbbb_10.flac")


def test_audiocaps_takes_no_labels_of_another_stretch_of_the_video(tmp_path):
    lists = {"train.csv": "audiocap_id,youtube_id,start_time,caption\n1,abcdefghijk,30,x\n2,abcdefghijk,50,y\n"}
    first, second = read("audiocaps", build(tmp_path, **AUDIOSET, **lists))
    assert (first.labels, second.labels) == (("Speech",), None)
    assert "for 1 of 2 clips" in notes("audiocaps", tmp_path)[0]


STRONG = {
    "mid_to_display_name.tsv": "/m/1\tZither\n/m/2\tDog\n",
    "audioset_train_strong.tsv": "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
    "abcdefghijk_30000\t0\t9\t/m/1\nabcdefghijk_30000\t0\t2\t/m/2\nbbbbbbbbbbb_0\t5\t6\t/m/2\n",
}


def test_strong_clips_have_wavcaps_captions_and_ties_in_the_files_order(tmp_path):
    captions = {"data": [{"id": "Yabcdefghijk.wav", "caption": "A dog and a zither.", "duration": 10.0}]}
    build(tmp_path, **STRONG, **{"json_files/AudioSet_SL/as_final.json": json.dumps(captions)})
    build(tmp_path, **{"AudioSet_SL/Yabcdefghijk.flac": None})
    first, second = read("audioset_strong", tmp_path)
    assert (first.captions, second.captions) == (("A dog and a zither.",), None)
    assert first.labels == ("Zither", "Dog")
    assert first.path == "AudioSet_SL/Yabcdefghijk.flac"


def test_two_strong_clips_of_a_video_share_neither_file_nor_caption(tmp_path):
    rows = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
    rows += "abcdefghijk_30000\t0\t9\t/m/1\nabcdefghijk_50000\t0\t2\t/m/2\n"
    captions = {"data": [{"id": "Yabcdefghijk.wav", "caption": "A dog.", "duration": 10.0}]}
    build(tmp_path, **STRONG | {"audioset_train_strong.tsv": rows, "as_final.json": json.dumps(captions)})
    build(tmp_path, **{"Yabcdefghijk.flac": None, "audio/train/abcdefghijk_50000.flac": None})
    first, second = read("audioset_strong", tmp_path)
    assert (first.captions, second.captions) == (None, None)
    assert (first.path, second.path) == (None, "audio/train/abcdefghijk_50000.flac")
    dataset = registry.get("audioset_strong")
    files = [segment.file for segment in dataset.segments(dataset.resolve(Source(tmp_path)))]
    assert files == ["audio/train/abcdefghijk_30000", "audio/train/abcdefghijk_50000"]


def wavcaps(*numbers):
    return json.dumps({"data": [{"id": number, "caption": "x", "duration": 3.0} for number in numbers]})


@pytest.mark.parametrize(
    "file",
    [
        "Audio/FreeSound/7.flac",
        "FreeSound/7.flac",
        "mnt/fast/FreeSound_flac/7.flac",
        "Zip_files/FreeSound/x/7.flac",
        "any/7.wav",
    ],
)
def test_freesound_wherever_its_zip_was_unpacked(tmp_path, file):
    listed = {"json_files/FreeSound/fsd_final.json": wavcaps("7")}
    build(tmp_path, **listed, **{file: None, "SoundBible/7.flac": None, "Zip_files/FreeSound/FreeSound.z01": None})
    assert [clip.path for clip in read("freesound", tmp_path)] == [file]


def test_overlaps_in_either_form_and_the_lack_of_them_is_said(tmp_path, case):
    assert ids(case("6_freesound_without_blacklist", "freesound")) == ["1", "2"]
    build(tmp_path, **{"fsd_final.json": wavcaps("1", "2", "3")})
    assert "no list of overlaps" in notes("freesound", tmp_path)[0]
    build(tmp_path, **{"blacklist.json": '{"AudioSet": [], "FreeSound": ["2.wav"]}'})
    build(tmp_path, **{"blacklist_clotho.full.v2.csv": "index,id\n0,3\n1,Not found\n"})
    assert ids(read("freesound", tmp_path)) == ["1"]
    assert notes("freesound", tmp_path) == []


def test_fsd50k_is_found_by_audiosets_names_and_keeps_its_own(tmp_path):
    rows = 'fname,labels,mids,split\n1,"Chirp_and_tweet,Bird","/m/07pggtn,/m/015p6",train\n2,Bird,/m/015p6,val\n'
    first, second = read("fsd50k", build(tmp_path, **{"labels/dev.csv": rows, "clips/dev/1.wav": None}))
    assert (first.labels, first.parents) == (("Chirp and tweet", "Bird"), ("Chirp, tweet",))
    assert (first.path, second.parents) == ("clips/dev/1.wav", None)


def test_all_names_of_fsd50k_are_audiosets_in_the_end(shared_data):
    nodes = json.loads((shared_data / "annotations/audioset/ontology.json").read_text())
    known = {node["name"] for node in nodes}
    clips = read("fsd50k", shared_data / "annotations" / "fsd50k")
    names = {label for clip in clips for label in clip.labels}
    assert len(names - known) == 37
    assert {name for clip in clips for name in clip.parents or ()} <= known
    other = [clip for clip in clips if not set(clip.labels) <= known]
    assert len(other) == 14_197
    assert all(len(clip.parents) == len(set(clip.labels) - known) for clip in other)


def test_iemocap_with_apostrophes_of_windows(case, tmp_path):
    assert [clip.text for clip in case("dataset_iemocap_cp1252", "iemocap")] == ["Excuse me.", "That\u2019s fine."]
    turn = "[0.29 - 0.83]\tSes01F_impro01_F000\tneu\t[2.5, 2.5, 2.5]\n"
    build(
        tmp_path,
        **{
            "IEMOCAP/Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": turn,
            "IEMOCAP/Session1/dialog/transcriptions/Ses01F_impro01.txt": b"Ses01F_impro01_F000 [000.29-000.83]: \x81\n"
            b"Ses01F_impro01_FXX0 [000.29-000.83]: Mm.\nM: [LAUGHTER]\n",
            "IEMOCAP/Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav": None,
            "other/readme.txt": None,
        },
    )
    bad, clip = read("iemocap", tmp_path)
    assert "Ses01F_impro01.txt, line 1" in bad.message
    assert clip.path == "IEMOCAP/Session1/sentences/wav/Ses01F_impro01/Ses01F_impro01_F000.wav"


def test_libritts_r_is_a_dataset_apart(tmp_path):
    build(tmp_path, **{"LibriTTS_R/train-clean-100/14/208/14_208_1.wav": None})
    assert ids(read("libritts_r", tmp_path)) == ids(read("libritts_r", tmp_path / "LibriTTS_R")) == ["14_208_1"]
    for root in (tmp_path, tmp_path / "LibriTTS_R"):
        with pytest.raises(UsageError, match="holds LibriTTS_R") as refused:
            read("libritts", root)
        assert "libritts_r" in refused.value.advice
    assert "no SPEAKERS.txt" in notes("libritts_r", tmp_path)[0]


META = "VoxCeleb2 ID ,VGGFace2 ID ,Gender ,Set \nid00012 ,n000012 ,m ,dev \nid00022 ,n000022 ,f ,test \n"


@pytest.mark.parametrize("folder", ["4_voxceleb2_meta_of_four_columns", "dataset_vox2_commas"])
def test_voxceleb2s_list_with_commas(case, folder):
    items = case(folder, "voxceleb2")
    assert {type(item) for item in items} == {Clip}
    assert {clip.gender for clip in items} == {"male", "female"}


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_voxceleb2s_list_is_read_by_its_header(tmp_path, delimiter):
    text = "Set ,Gender ,Name ,VoxCeleb2 ID \ndev ,F ,A_B ,id00012 \n".replace(",", delimiter)
    (clip,) = read("voxceleb2", build(tmp_path, **{"vox2_meta.csv": text, "dev/aac/id00012/v/00001.m4a": None}))
    assert clip.gender == "female"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,sex,part\nid00012,m,dev\n", "first line is 'id,sex,part'"),
        ("<!DOCTYPE html>\n<html>", "a web page"),
        ("version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "Git LFS pointer"),
    ],
)
def test_a_list_of_another_form_stops_with_what_it_seems_to_be(tmp_path, text, said):
    build(tmp_path, **{"vox2_meta.csv": text, "dev/aac/id00012/v/00001.m4a": None})
    with pytest.raises(UsageError, match="no column VoxCeleb2 ID") as refused:
        read("voxceleb2", tmp_path)
    assert said in refused.value.message


@pytest.mark.parametrize(
    ("folder", "split"),
    [
        ("dev/aac", "dev"),
        ("dev/wav", "dev"),
        ("dev/mp4", "dev"),
        ("dev", "dev"),
        ("voxceleb2/dev/wav", "dev"),
        ("vox2_dev_aac/dev/aac", "dev"),
        ("wav", "dev"),
        ("mp4", "dev"),
        ("", "dev"),
        ("aac", "dev"),
    ],
)
def test_voxceleb2_in_other_folders(tmp_path, folder, split):
    path = f"{folder}/id00012/video/00001.wav".lstrip("/")
    other = path.replace("id00012", "id00022")
    build(tmp_path, **{"vox2_meta.csv": META, path: None, other: None})
    clips = read("voxceleb2", tmp_path, splits=("dev", "test"))
    # A split's folder says the split; where there is none, the list does.
    assert {clip.path: clip.split for clip in clips} == {path: split, other: "dev" if "dev" in folder else "test"}


def test_a_speaker_of_no_known_split_is_set_aside(tmp_path):
    build(tmp_path, **{"vox2_meta.csv": META, "wav/id09999/video/00001.wav": None})
    (bad,) = read("voxceleb2", tmp_path)
    assert bad.error == "unknown_split"


def test_video_edition_beside_audio_is_not_read_twice(tmp_path):
    build(tmp_path, **{"vox2_meta.csv": META, "dev/aac/id00012/v/1.m4a": None, "dev/mp4/id00012/v/1.mp4": None})
    assert [clip.path for clip in read("voxceleb2", tmp_path)] == ["dev/aac/id00012/v/1.m4a"]


def test_voxceleb2s_ages_from_the_extended_table(tmp_path):
    build(
        tmp_path,
        **{
            "vox2_meta.csv": META,
            "final_dataframe_extended.csv": "Name,video_id,title,description,VoxCeleb_ID,gender,speaker_age,"
            'speaker_age_title_only\nA,v1,t,"two\nlines, and ""quotes""",id00012,male,,44.0\n'
            "A,v2,t,d,id00012,male,50.0,\nA,v3,t,d,id00012,male,,\nA,v4,t,d,id00012,male,,-3\nA,v5,t,d,id00012,male,20.0,20.0\n",
            "age-train.txt": "speaker_age,birth_year,Name,VoxCeleb_ID,video_id\n21.0,1969.0,A,id00012,v5\n",
            **{f"dev/aac/id00012/v{number}/00001.m4a": None for number in range(1, 6)},
        },
    )
    items = read("voxceleb2", tmp_path)
    assert [clip.age for clip in items if isinstance(clip, Clip)] == [44, 50, None, None, 21]
    assert places(items) == ["final_dataframe_extended.csv, line 6, column speaker_age_title_only"]


@pytest.mark.parametrize("delimiter", [" ", "\t"])
def test_a_list_of_which_most_rows_are_refused_stops(tmp_path, delimiter):
    rows = "".join(f"{number:011d},{number},rain,train\n".replace(",", delimiter) for number in range(30))
    with pytest.raises(UsageError, match=r"30 of 30 rows of .*vggsound\.csv cannot be read"):
        read("vggsound", build(tmp_path, **{"vggsound.csv": rows}))


def test_what_a_second_table_lacks_is_said(tmp_path):
    row = "own.wav,k,17,x,x,m,http://creativecommons.org/licenses/by/3.0/\n"
    about = "file_name,keywords,sound_id,sound_link,start_end_samples,manufacturer,license\n" + row
    build(tmp_path, **CLOTHO, **{"clotho_metadata_development.csv": about})
    (said,) = notes("clotho", tmp_path, splits=("development",))
    assert "no line for 1 clips of clotho_captions_development.csv, such as 'both.wav'" in said
    root = tmp_path / "fsd50k"
    rows = "fname,labels,mids,split\n1,Bird,/m/015p6,train\n2,Bird,/m/07pggtn,train\n"
    build(root, **{"dev.csv": rows, "dev_clips_info_FSD50K.json": '{"3": {"title": "x"}}'})
    assert "does not have 1 recordings of dev.csv, such as 1" in notes("fsd50k", root)[0]
    assert places(read("fsd50k", root)) == ["dev.csv, line 3, column mids"]


def test_a_turn_of_the_same_name_at_another_time_has_no_text(tmp_path):
    turns = "".join(f"[{10 * n}.5 - {10 * n + 3}.5]\tSes01F_impro01_F00{n}\tneu\t[2.5, 2.5, 2.5]\n" for n in range(3))
    texts = "Ses01F_impro01_F000 [000.5-003.5]: Zero.\nSes01F_impro01_F001 [020.5-023.5]: Two.\n"
    build(
        tmp_path,
        **{
            "Session1/dialog/EmoEvaluation/Ses01F_impro01.txt": turns,
            "Session1/dialog/transcriptions/Ses01F_impro01.txt": texts,
        },
    )
    assert [clip.text for clip in read("iemocap", tmp_path)] == ["Zero.", None, None]
    assert "2 of 3 turns have no text" in notes("iemocap", tmp_path)[0]


def test_a_list_that_is_not_wavcaps_stops(tmp_path):
    build(tmp_path, **{"sb_final.json": '{"items": []}'})
    with pytest.raises(UsageError, match=r"no list 'data'; the file is JSON that begins"):
        read("soundbible", tmp_path)
