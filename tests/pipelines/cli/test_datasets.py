"""`aig datasets` and `aig pull` as a user calls them."""

import dataclasses
import functools
import http.server
import json
import threading
from pathlib import Path

import pytest

from aig.datasets_registry import registry
from aig.datasets_registry.downloads import Download
from aig.pipelines.cli.app import app
from aig.pipelines.cli.output import run

CLASSES = b'index,mid,display_name\n0,/m/1,"Dog"\n'
CLIPS = b"# made\n" + b"".join(b'%011d, 0.000, 10.000, "/m/1"\n' % number for number in range(20))


@pytest.fixture
def aig(monkeypatch, capsys):
    """Runs the command with arguments; gives status, standard output and standard error."""

    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["aig", *arguments])
        monkeypatch.setenv("COLUMNS", "200")
        status = run(app)
        captured = capsys.readouterr()
        return status, captured.out, captured.err

    return call


@pytest.fixture
def served(tmp_path, monkeypatch):
    """AudioSet's lists at a local server that has all but the evaluation list."""
    folder = tmp_path / "served"
    folder.mkdir()
    (folder / "class_labels_indices.csv").write_bytes(CLASSES)
    (folder / "balanced_train_segments.csv").write_bytes(CLIPS)

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    names = [path.name for path in sorted(folder.iterdir())]
    url = f"http://127.0.0.1:{server.server_port}"

    def serve(*names: str) -> None:
        downloads = tuple(Download(url=f"{url}/{name}", to=name) for name in names)
        audioset = dataclasses.replace(registry.DATASETS["audioset"], downloads=downloads)
        monkeypatch.setitem(registry.DATASETS, "audioset", audioset)

    serve(*names)
    yield serve
    server.shutdown()
    server.server_close()


def configuration(folder: Path, **datasets: dict[str, object]) -> str:
    file = folder / "aig.yaml"
    file.write_text(json.dumps({"workspace": "ws", "datasets": datasets}))
    return str(file)


def test_all_thirteen_are_listed(aig, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, _ = aig("datasets", "--json")
    listed = json.loads(out)["datasets"]
    assert status == 0
    assert [dataset["name"] for dataset in listed] == list(registry.DATASETS)
    assert {"fields", "licence", "access", "clips", "redistributable"} <= listed[0].keys()
    assert aig("datasets")[1].count("\n") > 13


def test_one_is_told_in_full_with_what_comes_by_hand(aig, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, _ = aig("datasets", "iemocap")
    assert status == 0
    assert "signed licence" in out
    assert "1. Fill in the release form" in out


def test_an_unknown_name_is_refused_with_the_nearest(aig, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = aig("datasets", "cloto")
    assert (status, out) == (2, "")
    assert "did you mean 'clotho'" in err


def test_ones_own_datasets_are_listed_beside_the_thirteen(aig, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "calls.jsonl").write_text('{"path": "a.wav"}\n')
    configuration(tmp_path, my_calls={"manifest": "calls.jsonl", "title": "Our calls"})
    (own,) = json.loads(aig("datasets", "my_calls", "--json")[1])["datasets"]
    assert (own["title"], own["access"], own["indexed"], own["with_audio"]) == ("Our calls", "own", 0, 0)


def test_what_is_open_is_pulled_once_and_missing_clips_are_counted(aig, tmp_path, served):
    config = configuration(tmp_path, audioset={"root": "data", "limit": 5})
    status, out, err = aig("pull", config, "--json")
    done = json.loads(out)["datasets"]["audioset"]
    assert status == 0
    assert (done["fetched"], done["there"], done["failed"]) == (2, 0, [])
    assert done["videos"] == {"missing": 5}
    assert (tmp_path / "data" / "balanced_train_segments.csv").read_bytes() == CLIPS
    assert "--youtube" in err
    again = json.loads(aig("pull", config, "audioset", "--json")[1])["datasets"]["audioset"]
    assert (again["fetched"], again["there"]) == (0, 2)


def test_what_cannot_be_had_ends_with_status_one_after_the_rest_came(aig, tmp_path, served):
    served("class_labels_indices.csv", "eval_segments.csv")
    config = configuration(tmp_path, audioset={"root": "data"})
    status, _, err = aig("pull", config)
    assert status == 1
    assert "eval_segments.csv: the server answers 404" in err
    assert "manually" in err
    assert (tmp_path / "data" / "class_labels_indices.csv").exists()


def test_the_steps_by_hand_of_a_gated_dataset_are_printed(aig, tmp_path):
    config = configuration(tmp_path, iemocap={"root": "data"})
    status, out, _ = aig("pull", config)
    assert status == 0
    assert "1. Fill in the release form" in out


@pytest.mark.parametrize("name", ["libritts", "my_calls"])
def test_a_dataset_that_cannot_be_pulled_is_refused(aig, tmp_path, name):
    config = configuration(tmp_path, my_calls={"manifest": "calls.jsonl"})
    status, _, err = aig("pull", config, name)
    assert status == 2
    assert "aig.yaml has no dataset 'libritts'" in err or "your own data" in err


def test_what_would_come_is_said_and_nothing_fetched_on_a_dry_run(aig, tmp_path, served):
    config = configuration(tmp_path, audioset={"root": "data"})
    status, out, err = aig("pull", config, "--dry-run", "--json")
    done = json.loads(out)["datasets"]["audioset"]
    assert (status, done["to_fetch"], done["bytes"]) == (0, 2, len(CLASSES) + len(CLIPS))
    assert "labels CC BY 4.0" in err
    assert "at 100 Mbit/s" in err
    assert not list((tmp_path / "data").glob("*.csv"))


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--from", "agkphysics/AudioSet"], "--from is about one dataset"),
        (["audioset", "--from", "agkphysics"], "Known mirrors of audioset: agkphysics/AudioSet"),
        (["iemocap", "--from", "x"], "No mirror of iemocap is known"),
        (["audioset", "--include", "data/*"], "--include goes with --from"),
    ],
)
def test_a_mirror_is_asked_for_by_dataset_and_repository(aig, tmp_path, arguments, why):
    config = configuration(tmp_path, audioset={"root": "a"}, iemocap={"root": "i"})
    status, _, err = aig("pull", config, *arguments)
    assert status == 2
    assert why in err


def test_clips_of_videos_are_cut_and_then_found_two_of_one_video_too(aig, tmp_path, monkeypatch):
    """With the real reader and the real cutting; only what fetches a clip is a stand-in."""
    from aig.datasets_registry.download import youtube_clip

    def downloader(cookies, browser, proxy):
        def download(segment, target):
            if segment.video == "ccccccccccc":
                raise OSError("ERROR: [youtube] ccccccccccc: Private video")
            target.write_bytes(segment.audio_id.encode())

        return download

    monkeypatch.setattr(youtube_clip, "yt_dlp_downloader", downloader)
    root = tmp_path / "data"
    root.mkdir()
    videos = [("aaaaaaaaaaa", 0), ("aaaaaaaaaaa", 30), ("bbbbbbbbbbb", 5), ("ccccccccccc", 5)]
    (root / "vggsound.csv").write_text("".join(f"{video},{start},dog barking,train\n" for video, start in videos))
    monkeypatch.setitem(registry.DATASETS, "vggsound", dataclasses.replace(registry.DATASETS["vggsound"], downloads=()))
    config = configuration(tmp_path, vggsound={"root": "data"})
    status, out, err = aig("pull", config, "--json")
    assert json.loads(out)["datasets"]["vggsound"]["videos"] == {"missing": 4}
    status, out, err = aig("pull", config, "--youtube", "--pace", "0", "--json")
    done = json.loads(out)["datasets"]["vggsound"]["videos"]
    assert (status, done["fetched"], done["unavailable"], done["missing"]) == (0, 3, 1, 1)
    assert "4 clips to cut" in err
    from aig.datasets_registry.dataset import Source

    clips = list(registry.DATASETS["vggsound"].read(Source(root)))
    assert [clip.path and (root / clip.path).read_text() for clip in clips] == [
        *(clip.audio_id for clip in clips[:3]),
        None,
    ]
