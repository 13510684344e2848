"""Audio of YouTube clips by its name: each clip its own file, whatever starts and units the names are in."""

import os

import pytest

from aig.core.records import Clip, Quarantined
from aig.core.tables import to_table
from aig.datasets_registry.readers.youtube import whole_seconds
from aig.datasets_registry.text.text_rows import MalformedRowError
from helpers.reader_files import build, ids, places, read

V = "abcdefghijk"


@pytest.mark.parametrize(
    ("files", "found"),
    [
        (["a/{v}_001000.wav"], [None, "a/{v}_001000.wav"]),
        (["a/{v}_001000.wav", "b/{v}_000001.wav"], ["b/{v}_000001.wav", "a/{v}_001000.wav"]),
        (["a/{v}_1000000.wav"], [None, "a/{v}_1000000.wav"]),
        (["{v}.wav"], [None, None]),
    ],
)
def test_a_file_named_after_one_clips_start_is_no_other_clips_in_milliseconds(tmp_path, files, found):
    lists = {"vggsound.csv": f"\ufeff{V},1,dog barking,train\n{V}, 1000.0 ,cat meowing,Train \n"}
    build(tmp_path, **lists, **{name.format(v=V): None for name in files})
    clips = read("vggsound", tmp_path)
    assert [clip.path for clip in clips] == [path and path.format(v=V) for path in found]
    assert [clip.labels for clip in clips] == [("Dog barking",), ("Cat meowing",)]


@pytest.mark.parametrize("text", ["30", "30.0", " 030.00 "])
def test_whole_seconds(text):
    assert whole_seconds(text, "start") == 30


@pytest.mark.parametrize("text", ["30.5", "-1", "3e1", "", "nan", "٣٠", "9" * 400])
def test_what_are_not_whole_seconds(text):
    with pytest.raises(MalformedRowError):
        whole_seconds(text, "start")


def test_a_quote_of_a_caption_that_is_not_closed_costs_its_own_line(tmp_path):
    rows = (
        f'audiocap_id,youtube_id,start_time,caption\n1,{V},30,"a dog\n2,bbbbbbbbbbb,30,"a cat\n3,ccccccccccc,30,a cow\n'
    )
    build(tmp_path, **{"train.csv": rows})
    clips = read("audiocaps", tmp_path)
    assert ids(clips) == ["ccccccccccc_30"]
    assert places(clips) == ["train.csv, line 2", "train.csv, line 3"]


def test_events_that_do_not_stand_together_are_refused(tmp_path):
    head = "segment_id\tstart_time_seconds\tend_time_seconds\tlabel\n"
    rows = [f"{V}_30000\t0\t1\t/m/1\n", "bbbbbbbbbbb_0\t0\t1\t/m/1\n", f"{V}_30000\t2\t3\t/m/1\n"]
    build(tmp_path, **{"mid_to_display_name.tsv": "/m/1\tDog\n", "audioset_train_strong.tsv": head + "".join(rows)})
    with pytest.raises(Exception, match=f"the events of {V}_30000 in .* do not stand together"):
        read("audioset_strong", tmp_path)
    build(tmp_path, **{"audioset_train_strong.tsv": head + "".join(sorted(rows))})
    assert [len(clip.events) for clip in read("audioset_strong", tmp_path) if isinstance(clip, Clip)] == [2, 1]


def test_a_file_or_folder_whose_name_is_not_utf8_costs_its_own_clip(tmp_path):
    build(tmp_path, **{"vggsound.csv": f"{V},1,dog,train\nbbbbbbbbbbb,1,cat,train\n", "a/bbbbbbbbbbb_1.wav": None})
    odd = os.fsencode(tmp_path) + b"/\xff"
    os.mkdir(odd)  # noqa: PTH102 - a Path cannot name it
    with open(odd + f"/{V}_1.wav".encode(), "wb"):  # noqa: PTH123
        pass
    told, clip = read("vggsound", tmp_path)
    assert (told.error, clip.path) == ("wrong_path", "a/bbbbbbbbbbb_1.wav")
    assert to_table([told], Quarantined).num_rows == 1
