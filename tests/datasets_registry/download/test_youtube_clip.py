"""One clip: yt-dlp's part played by a stand-in, ffmpeg's by itself, on media that a local server has."""

import functools
import http.server
import shutil
import threading
from typing import ClassVar

import numpy as np
import pytest
import soundfile

from aig.core.errors import UsageError
from aig.datasets_registry.dataset import Segment
from aig.datasets_registry.download import youtube_clip
from aig.datasets_registry.download.youtube_clip import cut_to_flac, ffmpeg_command, way_of, yt_dlp_downloader

needs_ffmpeg = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="the program ffmpeg is not installed")
RATE = 48_000


@pytest.fixture(scope="module")
def media(tmp_path_factory):
    """A minute of sound in several containers at a local server; a chirp, so that each moment sounds different."""
    folder = tmp_path_factory.mktemp("media")
    seconds = np.arange(60 * RATE) / RATE
    chirp = (0.5 * np.sin(2 * np.pi * (200 * seconds + 20 * seconds**2))).astype(np.float32)
    for name in ("a.flac", "a.ogg"):
        with soundfile.SoundFile(folder / name, "w", RATE, 1) as file:
            for second in range(60):  # libsndfile cannot write a minute of Vorbis at once
                file.write(chirp[second * RATE : (second + 1) * RATE])
    (folder / "text.webm").write_text("<html>no video</html>")
    seen = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            seen.append((self.path, dict(self.headers)))
            super().do_GET()

        def send_head(self):  # with ranges, as YouTube has them
            file, asked = folder / self.path.strip("/"), self.headers.get("Range", "bytes=0-")
            if not file.is_file():
                self.send_error(404)
                return None
            start = int(asked.removeprefix("bytes=").split("-")[0])
            stream = file.open("rb")
            stream.seek(start)
            size = file.stat().st_size
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
            self.send_header("Content-Length", str(size - start))
            self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            return stream

        def copyfile(self, source, outputfile):
            try:
                super().copyfile(source, outputfile)
            except OSError:
                self.close_connection = True  # ffmpeg has what it needs

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder, seen
    server.shutdown()
    server.server_close()


def snr_db(wanted, got):
    length = min(len(wanted), len(got))
    noise = wanted[:length] - got[:length]
    return 10 * np.log10((wanted[:length] ** 2).mean() / max((noise**2).mean(), 1e-20))


@needs_ffmpeg
@pytest.mark.parametrize("name", ["a.flac", "a.ogg"])
def test_a_clip_is_the_stretch_asked_for_and_decoded_once(tmp_path, media, name):
    url, folder, _ = media
    whole, _ = soundfile.read(folder / name, dtype="float32")
    cut_to_flac(f"{url}/{name}", 30.25, 40.25, tmp_path / "x.flac")
    samples, rate = soundfile.read(tmp_path / "x.flac", dtype="float32")
    assert (rate, abs(len(samples) / rate - 10) < 0.01) == (RATE, True)
    assert snr_db(whole[int(30.25 * RATE) :], samples) > 80
    assert [file.name for file in tmp_path.iterdir()] == ["x.flac"]


@needs_ffmpeg
@pytest.mark.parametrize(
    ("name", "times", "why"),
    [
        ("gone.webm", (0, 10), "404"),
        ("text.webm", (0, 10), "ffmpeg failed"),
        ("a.flac", (55, 65), "came out 5.00 s long instead of 10.00 s"),
        ("a.flac", (70, 80), "ffmpeg failed|cannot be read|came out"),
    ],
)
def test_a_clip_that_is_not_whole_leaves_nothing(tmp_path, media, name, times, why):
    with pytest.raises(OSError, match=why) as failed:
        cut_to_flac(f"{media[0]}/{name}", *times, tmp_path / "x.flac")
    assert media[0] not in str(failed.value) or name == "gone.webm"
    assert list(tmp_path.iterdir()) == []


@needs_ffmpeg
def test_the_headers_that_yt_dlp_names_are_sent_and_none_is_smuggled_in(tmp_path, media):
    url, _, seen = media
    seen.clear()
    cut_to_flac(f"{url}/a.flac", 0, 1, tmp_path / "x.flac", headers={"X-Mine": "yes", "Bad": "a\r\nX-Evil: 1"})
    assert seen[0][1]["X-Mine"] == "yes"
    assert "X-Evil" not in seen[0][1]


@pytest.mark.parametrize("url", ["file:///etc/passwd", "-i", "concat:a|b", "/etc/passwd", "rtmp://x/y"])
def test_only_addresses_of_http_are_opened(tmp_path, url):
    with pytest.raises(OSError, match="not of HTTP"):
        cut_to_flac(url, 0, 1, tmp_path / "x.flac")


def test_the_seek_comes_before_the_input(tmp_path):
    command = ffmpeg_command("https://x/y", 30.5, 10.0, tmp_path / "100%s.flac", {}, "http://proxy:1")
    assert command.index("-ss") < command.index("-i") < command.index("-t")
    assert command[command.index("-ss") + 1] == "30.500"
    assert command[command.index("-http_proxy") + 1] == "http://proxy:1"
    assert "file" not in command[command.index("-protocol_whitelist") + 1].split(",")


class Session:
    """A stand-in of yt-dlp's behaviour: finds an address for some videos, and raises for others as it does."""

    found: ClassVar[dict] = {}
    options: ClassVar[dict] = {}

    def __init__(self, options):
        Session.options = options

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def extract_info(self, url, download):
        import yt_dlp

        assert not download
        video = url.removeprefix("https://www.youtube.com/watch?v=")
        if isinstance(Session.found[video], str):
            raise yt_dlp.utils.DownloadError(f"ERROR: [youtube] {video}: {Session.found[video]}")
        return Session.found[video]

    def sanitize_info(self, info):
        return info


@pytest.fixture
def youtube(monkeypatch, media):
    yt_dlp = pytest.importorskip("yt_dlp")
    stream = {"url": f"{media[0]}/a.flac", "duration": 60, "http_headers": {"X-Mine": "yes"}}
    Session.found = {
        "there": stream,
        "short": stream | {"duration": 35.0},
        "ends": stream | {"duration": 20},
        "nowhere": {"duration": 60},
        "private": "Private video",
    }
    monkeypatch.setattr(yt_dlp, "YoutubeDL", Session)


def segment(video):
    return Segment(f"d/{video}", video, 30.0, 40.0, f"audio/{video}")


@needs_ffmpeg
def test_a_video_becomes_a_clip(tmp_path, youtube, media):
    download = yt_dlp_downloader()
    download(segment("there"), tmp_path / "there.flac")
    assert soundfile.info(tmp_path / "there.flac").duration == pytest.approx(10, abs=0.01)
    download(segment("short"), tmp_path / "short.flac")
    assert soundfile.info(tmp_path / "short.flac").duration == pytest.approx(5, abs=0.01)
    for video, why in (("ends", "does not exist"), ("nowhere", "format is not available"), ("private", "Private")):
        with pytest.raises(OSError, match=why):
            download(segment(video), tmp_path / f"{video}.flac")


@needs_ffmpeg
def test_cookies_and_proxy_are_handed_on(tmp_path, youtube):
    cookies = tmp_path / "cookies.txt"
    cookies.touch()
    with pytest.raises(OSError, match="Private"):
        yt_dlp_downloader(cookies, proxy="http://127.0.0.1:1")(segment("private"), tmp_path / "x.flac")
    assert (Session.options["cookiefile"], Session.options["proxy"]) == (str(cookies), "http://127.0.0.1:1")
    assert (way_of(), way_of(cookies), way_of(None, "firefox", "http://x")) == ("guest", "cookies", "cookies+proxy")
    with pytest.raises(UsageError, match="no file of cookies"):
        yt_dlp_downloader(tmp_path / "gone.txt")
    with pytest.raises(UsageError, match="proxies of HTTP only"):
        yt_dlp_downloader(proxy="socks5://127.0.0.1:9050")


def test_a_missing_program_is_named(monkeypatch):
    pytest.importorskip("yt_dlp")
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(UsageError, match="ffmpeg"):
        yt_dlp_downloader()


@needs_ffmpeg
def test_yt_dlp_itself_finds_the_sound_of_a_page_and_ffmpeg_cuts_it(tmp_path, media, monkeypatch):
    """Both programs as they are, on a local server in YouTube's place."""
    pytest.importorskip("yt_dlp")
    monkeypatch.setattr(youtube_clip, "WATCH", f"{media[0]}/")
    download = yt_dlp_downloader()
    download(segment("a.flac"), tmp_path / "x.flac")
    samples, _ = soundfile.read(tmp_path / "x.flac", dtype="float32")
    assert snr_db(soundfile.read(media[1] / "a.flac", dtype="float32")[0][30 * RATE :], samples) > 80
    with pytest.raises(OSError, match="404"):
        download(segment("gone.webm"), tmp_path / "y.flac")
    monkeypatch.setattr(youtube_clip, "WATCH", "file://")
    with pytest.raises(OSError, match="disabled"):
        download(segment("/etc/passwd"), tmp_path / "y.flac")
