import pytest

from aig.core.errors import DataError, UsageError
from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Segment, Source
from aig.datasets_registry.download.youtube_pull import MAX_FAILURES, PAUSE_S, Unavailable, cut, yt_dlp_downloader


def segments(*videos):
    return [Segment(f"d/{video}", video, 30.0, 40.0, f"audio/{video}") for video in videos]


class YouTube:
    """A stand-in that has some videos, lacks some, and fails at some."""

    def __init__(self, gone=(), failing=(), message="HTTP Error 500"):
        self.gone, self.failing, self.message = gone, failing, message
        self.asked = []

    def __call__(self, segment, target):
        self.asked.append(segment.video)
        if segment.video in self.gone:
            raise Unavailable("ERROR: Private video")
        if segment.video in self.failing:
            raise OSError(self.message)
        target.with_suffix(".flac").write_bytes(b"fLaC")


def test_clips_are_fetched_with_a_rest_between(tmp_path):
    rests = []
    done = cut(segments("a", "b"), tmp_path, YouTube(), sleep=rests.append)
    assert (done.fetched, done.unavailable, done.failed) == (2, 0, 0)
    assert (tmp_path / "audio" / "a.flac").exists()
    assert rests == [PAUSE_S, PAUSE_S]


def test_what_is_gone_is_remembered_and_not_asked_for_again(tmp_path):
    first = YouTube(gone={"b"})
    assert cut(segments("a", "b", "c"), tmp_path, first, sleep=lambda _: None).unavailable == 1
    second = YouTube()
    done = cut(segments("b", "d"), tmp_path, second, sleep=lambda _: None)
    assert (second.asked, done.fetched, done.unavailable) == (["d"], 1, 1)


def test_failures_that_may_pass_are_not_remembered_and_do_not_stop(tmp_path):
    done = cut(segments("a", "b", "c"), tmp_path, YouTube(failing={"b"}), sleep=lambda _: None)
    assert (done.fetched, done.failed) == (2, 1)
    assert cut(segments("b"), tmp_path, YouTube(), sleep=lambda _: None).fetched == 1


def test_it_stops_when_it_is_asked_to(tmp_path):
    asked = YouTube(failing={"b"}, message="Sign in to confirm you're not a bot")
    with pytest.raises(DataError, match="stopped at d/b after 1 clips"):
        cut(segments("a", "b", "c"), tmp_path, asked, sleep=lambda _: None)
    assert asked.asked == ["a", "b"]


def test_it_stops_after_failures_in_a_row(tmp_path):
    videos = [f"v{i}" for i in range(9)]
    asked = YouTube(failing=set(videos))
    with pytest.raises(DataError):
        cut(segments(*videos), tmp_path, asked, sleep=lambda _: None)
    assert len(asked.asked) == MAX_FAILURES


def test_a_missing_program_is_named(monkeypatch):
    pytest.importorskip("yt_dlp")
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(UsageError, match="ffmpeg"):
        yt_dlp_downloader()


def test_yt_dlp_is_asked_for_the_segment_alone(tmp_path, monkeypatch):
    yt_dlp = pytest.importorskip("yt_dlp")
    monkeypatch.setattr("shutil.which", lambda _: "/usr/bin/ffmpeg")
    seen = {}

    class Session:
        def __init__(self, options):
            # The real one checks and completes its options.
            seen.update(options)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            pass

        def download(self, urls):
            seen["urls"] = urls
            if "gone" in urls[0]:
                raise yt_dlp.utils.DownloadError("ERROR: [youtube] gone: Video unavailable. This video is private")
            raise yt_dlp.utils.DownloadError("ERROR: [youtube] x: HTTP Error 429: Too Many Requests")

    monkeypatch.setattr(yt_dlp, "YoutubeDL", Session)
    download = yt_dlp_downloader()
    gone, limited = segments("gone", "x")
    with pytest.raises(Unavailable):
        download(gone, tmp_path / "100%s")
    assert [(r["start_time"], r["end_time"]) for r in seen["download_ranges"]({}, None)] == [(30.0, 40.0)]
    assert seen["urls"] == ["https://www.youtube.com/watch?v=gone"]
    assert seen["outtmpl"]["default"].endswith("/100%%s.%(ext)s")
    with pytest.raises(OSError, match="429"):
        download(limited, tmp_path / "x")


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
    (tmp_path / segment.file).parent.mkdir(parents=True)
    (tmp_path / f"{segment.file}.flac").touch()
    (after,) = dataset.read(source)
    assert after.path == f"{segment.file}.flac"
