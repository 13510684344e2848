"""Cutting, against a stand-in that has some videos, lacks some, and fails as YouTube does."""

import errno
import json

import pytest

from aig.core.errors import DataError
from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Segment, Source
from aig.datasets_registry.download import youtube_pull as pulling
from aig.datasets_registry.download.youtube_pull import MEMORY, PACE_S, cut, place_of

GONE, COUNTRY = "Private video", "The uploader has not made this video available in your country"
LIMIT, FORMAT, BOT = (
    "HTTP Error 429: Too Many Requests",
    "Requested format is not available",
    "confirm you're not a bot",
)


def segments(*videos):
    return [Segment(f"d/{video}", video, 30.0, 40.0, f"audio/{video}") for video in videos]


class YouTube:
    """Fails at a video with the messages given for it, one after another, and then has it."""

    def __init__(self, **failures):
        self.failures = {video: [said] if isinstance(said, str) else list(said) for video, said in failures.items()}
        self.asked = []

    def __call__(self, segment, target):
        self.asked.append(segment.video)
        if said := self.failures.get(segment.video):
            raise said.pop(0) if isinstance(said[0], OSError) else OSError(f"ERROR: [youtube] x: {said.pop(0)}")
        target.write_bytes(b"fLaC")


def run(folder, youtube, *videos, **options):
    rests = []
    done = cut(segments(*videos), folder, youtube, sleep=rests.append, **options)
    return done, rests


def test_clips_are_fetched_at_a_pace_into_folders_of_bearable_size(tmp_path):
    done, rests = run(tmp_path, YouTube(), "a", "b")
    assert (done.fetched, done.unavailable, done.failed) == (2, 0, 0)
    assert all(PACE_S - 1 < rest <= PACE_S for rest in rests)
    assert len(rests) == 2
    assert (tmp_path / place_of(segments("a")[0])).read_bytes() == b"fLaC"
    folders = {place_of(one).rsplit("/", 1)[0] for one in segments(*(f"{number:011d}" for number in range(5000)))}
    assert len(folders) == 256


def test_what_is_gone_is_remembered_and_not_asked_for_again_unless_one_wants_it(tmp_path):
    assert run(tmp_path, YouTube(b=GONE), "a", "b", "c")[0].unavailable == 1
    second = YouTube()
    done, _ = run(tmp_path, second, "b", "d")
    assert (second.asked, done.fetched, done.unavailable) == (["d"], 1, 1)
    assert run(tmp_path, YouTube(), "b", retry_unavailable=True)[0].fetched == 1


def test_what_is_not_shown_to_a_guest_is_asked_for_in_another_way(tmp_path):
    done, _ = run(tmp_path, YouTube(b=COUNTRY), "a", "b")
    assert (done.fetched, done.unavailable, done.not_for_us) == (1, 0, 1)
    assert run(tmp_path, again := YouTube(), "b")[0].not_for_us == 1
    assert again.asked == []
    assert run(tmp_path, YouTube(), "b", way="cookies")[0].fetched == 1


def test_five_videos_in_a_row_that_are_not_for_us_do_not_stop(tmp_path):
    videos = [f"v{number}" for number in range(7)]
    assert run(tmp_path, YouTube(**dict.fromkeys(videos, COUNTRY)), *videos)[0].not_for_us == 7


def test_a_limit_is_waited_out_and_the_same_video_asked_for_again(tmp_path):
    youtube = YouTube(b=[LIMIT, LIMIT])
    said = []
    done, rests = run(tmp_path, youtube, "a", "b", "c", say=said.append)
    assert (done.fetched, youtube.asked) == (3, ["a", "b", "b", "b", "c"])
    assert [rest for rest in rests if rest > 60] == [3600, 3600]
    assert "going on in 60 min" in said[0]
    assert not (tmp_path / MEMORY).exists()


def test_a_limit_that_does_not_pass_stops(tmp_path):
    with pytest.raises(DataError, match="Stopped at d/a after 0 clips"):
        run(tmp_path, YouTube(a=[LIMIT] * 9), "a")


@pytest.mark.parametrize("message", [FORMAT, BOT, "No video formats found"])
def test_what_is_about_us_stops_and_condemns_no_video(tmp_path, message):
    videos = [f"v{number}" for number in range(9)]
    youtube = YouTube(**dict.fromkeys(videos, message))
    with pytest.raises(DataError, match="Stopped at d/v2") as stopped:
        run(tmp_path, youtube, *videos)
    assert "JavaScript runtime" in stopped.value.advice
    assert not (tmp_path / MEMORY).exists()
    assert run(tmp_path, YouTube(), *videos)[0].fetched == 9


def test_one_odd_video_among_others_stops_nothing(tmp_path):
    assert run(tmp_path, YouTube(b=[FORMAT] * 9, d=[FORMAT] * 9), *"abcde")[0].failed == 2


def test_failures_that_may_pass_are_not_remembered_and_stop_in_a_row(tmp_path):
    done, _ = run(tmp_path, YouTube(b="HTTP Error 403: Forbidden"), "a", "b", "c")
    assert (done.fetched, done.failed) == (2, 1)
    videos = [f"v{number}" for number in range(9)]
    youtube = YouTube(**dict.fromkeys(videos, "HTTP Error 500"))
    with pytest.raises(DataError):
        run(tmp_path, youtube, *videos)
    assert len(youtube.asked) == pulling.MAX_FAILURES


def test_a_full_disk_stops_at_once(tmp_path):
    with pytest.raises(DataError, match="No space left"):
        run(tmp_path, YouTube(a=[OSError(errno.ENOSPC, "No space left on device")]), "a", "b")


def test_a_memory_of_an_earlier_version_is_sorted_again_and_a_torn_line_left_out(tmp_path):
    lines = [json.dumps({"video": video, "reason": f"ERROR: {said}"}) for video, said in (("a", FORMAT), ("b", GONE))]
    (tmp_path / MEMORY).write_text("\n".join([*lines, '{"video": "c", "ca']))
    youtube = YouTube()
    done, _ = run(tmp_path, youtube, "a", "b", "c")
    assert (youtube.asked, done.unavailable) == (["a", "c"], 1)


@pytest.mark.parametrize("name", [name for name, dataset in registry.DATASETS.items() if dataset.segments])
def test_a_segment_is_found_again_by_its_dataset(tmp_path, name):
    """What is cut out under a segment's name is the audio of that very clip."""
    video = "-_aB3xYz012"
    files = {
        "class_labels_indices.csv": "index,mid,display_name\n0,/m/1,Dog\n",
        "balanced_train_segments.csv": f'{video}, 30.000, 40.000, "/m/1"\n',
        "mid_to_display_name.tsv": "/m/1\tDog\n",
        "audioset_train_strong.tsv": f"segment_id\tstart\tend\tlabel\n{video}_30000\t0\t1\t/m/1\n",
        "vggsound.csv": f"{video},30,dog barking,train\n",
        "train.csv": f"audiocap_id,youtube_id,start_time,caption\n1,{video},30,A dog.\n",
    }
    for file, text in files.items():
        (tmp_path / file).write_text(text)
    dataset = registry.get(name)
    source = dataset.resolve(Source(tmp_path))
    (segment,) = dataset.segments(source)
    assert (segment.video, segment.start_s, segment.end_s) == (video, 30.0, 40.0)
    (before,) = dataset.read(source)
    assert (before.audio_id, before.path) == (segment.audio_id, None)
    cut([segment], tmp_path, YouTube(), sleep=lambda _: None)
    (after,) = dataset.read(source)
    assert after.path == place_of(segment)
