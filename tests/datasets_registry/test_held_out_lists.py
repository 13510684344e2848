"""Lists of test sets: found where users keep them, read as their owners write them, refused where they cannot serve."""

import json

import pytest

from aig.core.errors import UsageError
from aig.core.records import Clip
from aig.datasets_registry.held_out_lists import DEFAULT, find_list, names
from helpers.reader_files import build, read

CAPTIONS = "file_name,caption_1,caption_2,caption_3,caption_4,caption_5\nA b.wav,a,b,c,d,e\n"
METADATA = (
    "file_name,keywords,sound_id,sound_link,start_end_samples,manufacturer,license\nA b.wav,k,1234,l,[],m,http://l\n"
)


def test_a_split_of_a_dataset_in_its_own_folder_or_in_a_folder_of_lists(tmp_path):
    build(
        tmp_path,
        **{
            "caps/test.csv": "audiocap_id,youtube_id,start_time,caption\n"
            "1,abcdefghijk,30,A dog\n2,abcdefghijk,30,Dogs\n",
            "lists/vggsound/vggsound.csv": "abcdefghijk,35,dog,test\nlmnopqrstuv,1,cat,train\n",
        },
    )
    own = find_list("audiocaps/test", {"audiocaps": str(tmp_path / "caps")})
    assert own.times == {"youtube:abcdefghijk": ((30.0, 40.0),)}
    assert find_list("audiocaps/test", {}) is None
    listed = find_list("vggsound/test", {}, str(tmp_path / "lists"))
    assert listed.times == {"youtube:abcdefghijk": ((35.0, 45.0),)}


def test_lists_of_sets_that_are_not_datasets_here(tmp_path):
    build(
        tmp_path,
        **{
            "esc50/meta/esc50.csv": "filename,fold,target,category,esc10,src_file,take\n1-99-A.wav,1,0,dog,True,99,A\n",
            "UrbanSound8K.csv": "slice_file_name,fsID,start,end,salience,fold,classID,class\n7-3.wav,7,0,4,1,5,3,dog\n",
            "wavcaps/blacklist_a.json": json.dumps({"AudioSet": ["Yabcdefghijk.wav"], "FreeSound": [99, "12.wav"]}),
            "wavcaps/blacklist_b.json": json.dumps({"FreeSound": ["13"]}),
            "audioset/eval_segments.csv": '# c\n# c\n# c\nabcdefghijk, 30.000, 40.000, "/m/1,/m/2"\n',
            "audioset_eval_strong.tsv": "segment_id\ts\te\tl\n"
            "abcdefghijk_5000\t0\t1\t/m/1\nabcdefghijk_5000\t1\t2\t/m/1\n",
        },
    )
    folder = str(tmp_path)
    assert set(find_list("esc50", {}, folder).times) == {"freesound:99"}
    assert set(find_list("urbansound8k", {}, folder).times) == {"freesound:7"}
    wavcaps = find_list("wavcaps", {}, folder)
    assert set(wavcaps.times) == {"youtube:abcdefghijk", "freesound:99", "freesound:12", "freesound:13"}
    assert find_list("audioset/eval", {}, folder).times == {"youtube:abcdefghijk": ((30.0, 40.0),)}
    assert find_list("audioset_strong/eval", {}, folder).times == {"youtube:abcdefghijk": ((5.0, 15.0),)}


def test_a_file_of_ones_own_has_a_key_a_line(tmp_path):
    build(tmp_path, **{"mine.txt": "# ours\nfreesound:7\n\nyoutube:abcdefghijk@3-4  # the dog\n"})
    assert find_list(str(tmp_path / "mine.txt"), {}).name == "mine.txt"
    assert len(find_list(str(tmp_path / "mine.txt"), {})) == 2
    build(tmp_path, **{"bad.txt": "freesound:7\nabcdefghijk\n", "none.txt": "# nothing\n"})
    with pytest.raises(UsageError, match=r"bad.txt, line 2: 'abcdefghijk' is not a valid source key"):
        find_list(str(tmp_path / "bad.txt"), {})
    with pytest.raises(UsageError, match="has no ids"):
        find_list(str(tmp_path / "none.txt"), {})
    with pytest.raises(UsageError, match="there is no list"):
        find_list(str(tmp_path / "gone.txt"), {})


def test_lists_that_cannot_serve_are_refused(tmp_path):
    build(tmp_path, **{"clotho/clotho_captions_evaluation.csv": CAPTIONS, "esc50.csv": "filename,fold\na,1\n"})
    with pytest.raises(UsageError) as near:
        find_list("audiocap/test", {})
    assert "Did you mean 'audiocaps/test'?" in near.value.advice
    with pytest.raises(UsageError) as without:
        find_list("mmau", {})
    assert "not_in_audio" in without.value.advice
    with pytest.raises(UsageError, match="has no ids by which"):
        find_list("clotho/evaluation", {}, str(tmp_path))
    with pytest.raises(UsageError, match="there is no column src_file"):
        find_list("esc50", {}, str(tmp_path))
    build(tmp_path, **{"clotho/clotho_metadata_evaluation.csv": METADATA})
    assert set(find_list("clotho/evaluation", {}, str(tmp_path)).times) == {"freesound:1234"}


def test_the_default_lists_are_known():
    assert set(DEFAULT) <= set(names())


def test_overlaps_between_real_lists(shared_data):
    annotations = str(shared_data / "annotations")
    tests = find_list("vggsound/test", {}, annotations)
    assert len(tests) == 3000
    clips = [
        c for c in read("audiocaps", shared_data / "annotations/audiocaps", splits=("train",)) if isinstance(c, Clip)
    ]
    # The excerpt holds 3,000 of the 15,446 test clips.
    assert sum(tests.overlap(clip.source_key) is not None for clip in clips) == 1
    assert sum(tests.overlap(clip.source_key, same_recording=True) is not None for clip in clips) == 3
