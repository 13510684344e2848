"""The readers on small files in the owners' layouts, whole, half complete and broken."""

import json

import pytest

from aig.core.errors import UsageError
from aig.core.records import Clip, Event
from aig.datasets_registry import registry
from aig.generators.closed_ended.registry import TASKS
from helpers.reader_files import build, ids, places, read

CLASSES = 'index,mid,display_name\n0,/m/09x0r,"Speech"\n1,/m/05zppz,"Male speech, man speaking"\n'


@pytest.fixture
def audioset(tmp_path):
    return build(
        tmp_path,
        **{
            "class_labels_indices.csv": CLASSES,
            "csv/balanced_train_segments.csv": "# made\n# num\n# YTID, start_seconds, end_seconds, positive_labels\n"
            '--PJHxphWEs, 30.000, 40.000, "/m/09x0r,/m/05zppz"\nYaaaaaaaaaa, 0.000, 10.000, "/m/09x0r"\n',
            "csv/eval_segments.csv": '# made\nbbbbbbbbbbb, 0.000, 10.000, "/m/09x0r"\n',
        },
    )


@pytest.mark.parametrize(
    ("file", "found"),
    [
        ("audio/--PJHxphWEs.wav", True),
        ("audio/balanced/Y--PJHxphWEs.flac", True),
        ("--PJHxphWEs_30.000_40.000.mp4", True),
        ("Y--PJHxphWEs_30000_40000.m4a", True),
        ("audio/Y--PJHxphWEt.wav", False),
        ("audio/._--PJHxphWEs.wav", False),
        ("audio/.cache/--PJHxphWEs.wav", False),
        ("audio/--PJHxphWEs.txt", False),
        ("audio/--PJHxphWEs.wav.part", False),
    ],
)
def test_audio_is_found_under_any_of_the_usual_names(audioset, file, found):
    build(audioset, **{file: None})
    first, second = read("audioset", audioset)
    assert first.path == (file if found else None)
    assert first.labels == ("Speech", "Male speech, man speaking")
    assert second.path is None


def test_of_two_files_of_a_clip_the_better_format_is_taken(audioset):
    build(audioset, **{"a/YYaaaaaaaaaa.m4a": None, "b/Yaaaaaaaaaa.wav": None, "c/Yaaaaaaaaaa.wav": None})
    assert read("audioset", audioset)[1].path == "b/Yaaaaaaaaaa.wav"


def test_audio_behind_a_link_is_found_and_a_circle_of_links_ends(audioset, tmp_path_factory):
    elsewhere = build(tmp_path_factory.mktemp("elsewhere"), **{"--PJHxphWEs.wav": None})
    (audioset / "audio").symlink_to(elsewhere)
    (elsewhere / "back").symlink_to(audioset)
    assert read("audioset", audioset)[0].path == "audio/--PJHxphWEs.wav"


def test_the_evaluation_part_stays_out_unless_it_is_asked_for(audioset):
    assert ids(read("audioset", audioset)) == ["--PJHxphWEs", "Yaaaaaaaaaa"]
    assert ids(read("audioset", audioset, splits=("eval",))) == ["bbbbbbbbbbb"]


def test_bad_lines_are_quarantined_with_their_place(audioset):
    build(
        audioset,
        **{
            "csv/unbalanced_train_segments.csv": b'ccccccccccc, 0.000, 10.000, "/m/09x0r"\n'
            b'ddddddddddd, 0.000, 10.000, "/m/none"\n'
            b'eeeeeeeeeee, zero, 10.000, "/m/09x0r"\n'
            b'fffffffffff, 9.000, 8.000, "/m/09x0r"\n'
            b"ggggggggggg, 0.000, 10.000\n"
            b'../../../../etc, 0.000, 10.000, "/m/09x0r"\n'
            b'hhhhhhhhhhh, 0.000, 10.000, "/m/09x0r\n'
            b'iiiiiiiiii\xff, 0.000, 10.000, "/m/09x0r"\n'
            b"\n"
            b'jjjjjjjjjjj, 0.000, 10.000, "/m/09x0r"\n'
        },
    )
    items = read("audioset", audioset)
    assert ids(items) == ["--PJHxphWEs", "Yaaaaaaaaaa", "ccccccccccc", "jjjjjjjjjjj"]
    name = "unbalanced_train_segments.csv, line"
    assert places(items) == [
        f"{name} 2, column positive_labels",
        f"{name} 3, column start_seconds",
        f"{name} 4, column end_seconds",
        f"{name} 5, column 4",
        f"{name} 6, column YTID",
        f"{name} 7",
        f"{name} 8, column 1",
    ]


def test_strong_events_are_named_and_ordered(tmp_path):
    build(
        tmp_path,
        **{
            "mid_to_display_name.tsv": "/m/1\tGunshot, gunfire\n/m/2\tDog\n",
            "audioset_train_strong.tsv": "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
            "a_b_c_d_e_f_30000\t1\t2\t/m/1\n-aILOrkII_x_0\t3\t4\t/m/1\n-aILOrkII_x_0\t0.5\t9\t/m/2\n"
            "-aILOrkII_x_0\t5\t6\t/m/3\n-aILOrkII_x_0\t7\t6\t/m/1\n",
            "audio/Y-aILOrkII_x.wav": None,
        },
    )
    items = read("audioset_strong", tmp_path)
    clip = items[-1]
    assert clip.audio_id == "audioset_strong/-aILOrkII_x_0"
    assert clip.events == (Event("Dog", 0.5, 9.0), Event("Gunshot, gunfire", 3.0, 4.0))
    assert clip.labels == ("Dog", "Gunshot, gunfire")
    assert clip.path == "audio/Y-aILOrkII_x.wav"
    assert [place.split(", ", 1)[1] for place in places(items)] == [
        "line 5, column label",
        "line 6, column end_time_seconds",
    ]


def test_vggsound_whole_list(tmp_path):
    build(
        tmp_path,
        **{
            "vggsound.csv": '---g-f_I2yQ,1,"pigeon, dove cooing",train\n--0PQM4-hqg,30,waterfall,test\nx,1,a,train\n',
            "audio/---g-f_I2yQ_000001.wav": None,
        },
    )
    clip, bad = read("vggsound", tmp_path)
    assert (clip.audio_id, clip.labels) == ("vggsound/---g-f_I2yQ_000001", ("Pigeon, dove cooing",))
    assert clip.path == "audio/---g-f_I2yQ_000001.wav"
    assert bad.message.startswith("vggsound.csv, line 3, column 1")


def test_fsd50k_with_evaluation_part_and_licences(tmp_path):
    build(
        tmp_path,
        **{
            "FSD50K.ground_truth/dev.csv": 'fname,labels,mids,split\n1,"Boat_and_Water_vehicle,Vehicle","/m/1",train\n',
            "FSD50K.ground_truth/eval.csv": "fname,labels,mids\n2,Dog,/m/2\n",
            "FSD50K.metadata/dev_clips_info_FSD50K.json": json.dumps({"1": {"title": "boat.wav", "license": "CC0"}}),
            "FSD50K.dev_audio/1.wav": None,
        },
    )
    (clip,) = read("fsd50k", tmp_path)
    assert clip.labels == ("Boat and Water vehicle", "Vehicle")
    assert (clip.title, clip.licence, clip.path) == ("boat.wav", "CC0-1.0", "FSD50K.dev_audio/1.wav")
    assert ids(read("fsd50k", tmp_path, splits=("eval",))) == ["2"]


def test_audiocaps_joins_captions_of_a_clip_and_takes_audiosets_labels_where_its_lists_are(audioset):
    build(
        audioset,
        **{
            "val.csv": "audiocap_id,youtube_id,start_time,caption\n1,--PJHxphWEs,30,One.\n2,bbbbbbbbbbb,0,Two.\n"
            '3,--PJHxphWEs,30,"Three, three."\n4,--PJHxphWEs,30,\n',
        },
    )
    bad, first, second = read("audiocaps", audioset, splits=("val",))
    assert first.captions == ("One.", "Three, three.")
    assert (first.labels, second.labels) == (("Speech", "Male speech, man speaking"), ("Speech",))
    assert bad.message.startswith("val.csv, line 5, column caption")


def test_clotho_names_with_odd_characters_and_the_same_name_in_two_splits(tmp_path):
    header = "file_name,caption_1,caption_2,caption_3,caption_4,caption_5\n"
    row = '"[R] 100%, {0}; $HOME.wav",a,b,c,d,e\n'
    build(
        tmp_path,
        **{
            "clotho_captions_development.csv": header + row,
            "clotho_captions_validation.csv": header + row,
            "clotho_audio_development/development/[R] 100%, {0}; $HOME.wav": None,
        },
    )
    first, second = read("clotho", tmp_path)
    assert first.path == "clotho_audio_development/development/[R] 100%, {0}; $HOME.wav"
    assert (first.audio_id, second.path) == ("clotho/development/[R] 100%, {0}; $HOME", None)


def wavcaps(**extra):
    return {"id": "7", "caption": "A dog.", "duration": 3.0, "title": "dog", **extra}


def test_freesound_length_and_overlaps(tmp_path):
    items = [wavcaps(), wavcaps(id="8", duration=10.1), wavcaps(id="9"), wavcaps(id="10", duration=10.0)]
    build(
        tmp_path,
        **{
            "json_files/FreeSound/fsd_final.json": json.dumps({"num_captions_per_audio": 1, "data": items}),
            "json_files/blacklist/blacklist_exclude_all_ac.json": json.dumps({"AudioSet": ["7"], "FreeSound": ["9"]}),
            "FreeSound/7.flac": None,
            "SoundBible/10.flac": None,
        },
    )
    clips = read("freesound", tmp_path)
    assert [(clip.audio_id, clip.path) for clip in clips] == [
        ("freesound/7", "FreeSound/7.flac"),
        ("freesound/10", None),
    ]
    assert ids(read("freesound", tmp_path, max_duration_s=60.0)) == ["7", "8", "10"]
    assert ids(read("freesound", tmp_path, splits=("overlap",))) == ["9"]


def test_a_broken_list_of_wavcaps_costs_its_broken_items(tmp_path):
    text = (
        '{"data": [\n {"id": "1", "caption": "a", "duration": 1},\n {"id": "2", "caption": "b" "duration": 1},\n'
        ' {"id": "3", "caption": "", "duration": 1},\n {"id": "4", "caption": "d", "duration": 1},\n {"id": "5", "cap'
    )
    build(tmp_path, **{"sb_final.json": text})
    items = read("soundbible", tmp_path)
    assert ids(items) == ["1", "4"]
    assert places(items)[:2] == ["sb_final.json, line 3, column 29", "sb_final.json, line 4, column caption"]
    assert "sb_final.json, line 6" in places(items)[2]


def test_fma(tmp_path):
    build(
        tmp_path,
        **{
            "fma_metadata/genres.csv": "genre_id,#tracks,parent,title,top_level\n17,1,0,Folk,17\n10,1,0,Pop,10\n",
            "fma_metadata/tracks.csv": ",album,set,set,track,track,track\n,information,split,subset,"
            "genres_all,license,title\n"
            'track_id,,,,,,\n2,"<p>two\nlines</p>",training,small,"[17, 10]",CC BY 3.0,Food\n3,x,test,large,[17],,A\n'
            '5,x,training,large,"[99]",,B\n7,x,training,large,"__import__(\'os\')",,C\n',
            "fma_large/000/000002.mp3": None,
        },
    )
    items = read("fma", tmp_path)
    assert items[0] == Clip(
        audio_id="fma/000002",
        dataset="fma",
        split="training",
        path="fma_large/000/000002.mp3",
        genres=("Folk", "Pop"),
        title="Food",
        licence="CC-BY-3.0",
        source_key="fma:000002",
    )
    assert places(items) == [f"tracks.csv, line {line}, column track, genres_all" for line in (7, 8)]
    assert ids(read("fma", tmp_path, splits=("test",))) == ["000003"]


@pytest.mark.parametrize("name", registry.DATASETS)
def test_a_wrong_folder_says_what_was_expected_and_what_was_found(tmp_path, name):
    build(tmp_path, **{f"holiday{i}/a.jpg": None for i in range(12)})
    with pytest.raises(UsageError, match=rf"(?s){name}: expected .+ below .+, found holiday0/, .+ and 4 more"):
        read(name, tmp_path)
    with pytest.raises(UsageError, match="is not a folder"):
        read(name, tmp_path / "none")


def test_a_split_or_part_that_there_is_not_is_refused(tmp_path):
    with pytest.raises(UsageError, match="there is no split dev"):
        read("audioset", tmp_path, splits=("dev",))
    with pytest.raises(UsageError, match="there is no part train-clean-99"):
        read("libritts", tmp_path, parts=("train-clean-99",))
    with pytest.raises(UsageError, match="vggsound does not come in parts"):
        read("vggsound", tmp_path, parts=("train",))


def test_parts_say_what_is_read_as_well_as_what_is_fetched(tmp_path):
    row = "a.wav,1,2,3,4,5\n"
    build(tmp_path, **{f"clotho_captions_{split}.csv": row for split in ("development", "validation")})
    assert ids(read("clotho", tmp_path)) == ["development/a", "validation/a"]
    assert ids(read("clotho", tmp_path, parts=("validation",))) == ["validation/a"]


@pytest.mark.parametrize("dataset", registry.DATASETS.values(), ids=registry.DATASETS)
def test_what_a_dataset_says_of_itself_holds_together(dataset):
    assert set(dataset.closed_tasks) <= set(TASKS)
    assert set(dataset.train_splits) < set(dataset.splits)
    assert dataset.downloads or dataset.manual
    assert dataset.segments or dataset.access != "youtube"
    for name in ("title", "summary", "home", "paper", "licence", "clips"):
        assert getattr(dataset, name)


def test_the_thirteen_and_those_beyond_the_paper():
    assert list(registry.DATASETS) == [
        "audioset", "audioset_strong", "vggsound", "fsd50k", "audiocaps", "freesound", "clotho", "soundbible",
        "iemocap", "libritts", "voxceleb2", "mosei", "fma", "libritts_r",
    ]  # fmt: skip
    with pytest.raises(UsageError, match="no dataset 'libri_tts'") as refused:
        registry.get("libri_tts")
    assert "did you mean 'libritts'?" in refused.value.advice


def test_audiosets_two_training_parts_get_other_questions():
    audioset = registry.get("audioset")
    assert audioset.for_split("balanced_train").closed_tasks == ("cla_label", "cla_label_des")
    assert audioset.for_split("unbalanced_train").closed_tasks == ("cla_label_des",)
    assert audioset.for_split("unbalanced_train").open_prompt is None
