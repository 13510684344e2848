"""Fetching against a local server that behaves as servers do."""

import base64
import contextlib
import dataclasses
import functools
import hashlib
import http.server
import io
import tarfile
import threading
import time
import zipfile
from types import SimpleNamespace

import pytest

from aig.core.errors import DataError
from aig.datasets_registry import registry
from aig.datasets_registry.download import http as fetching
from aig.datasets_registry.download import pull as pulling
from aig.datasets_registry.download.unpack import unpack
from aig.datasets_registry.downloads import Download

BODY = bytes(range(256)) * 4000
MD5 = "md5:" + hashlib.md5(BODY).hexdigest()


class Server(http.server.ThreadingHTTPServer):
    """Serves `BODY` at any path, after a list of misdeeds, one for each request."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.misdeeds = []
        self.ranges = []
        self.files = {}
        self.headers = {}
        self.logins = []
        self.etag = '"1"'
        self.url = f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        body = self.server.files.get(self.path, BODY)
        if self.command == "GET":
            self.server.logins.append((self.path, self.headers.get("Authorization")))
            self.server.ranges.append(self.headers.get("Range"))
        misdeed = self.server.misdeeds.pop(0) if self.server.misdeeds and self.command == "GET" else None
        if isinstance(misdeed, int):
            self.send_response(misdeed)
            self.send_header("Content-Length", "0")
            if misdeed == 503:
                self.send_header("Retry-After", "7")
            self.end_headers()
            return
        if misdeed == "wrong bytes":
            body = b"<html>please log in</html>"
        start = 0
        asked = self.headers.get("Range")
        same = self.headers.get("If-Range") in (None, self.server.etag)
        if asked and same and misdeed not in ("wrong bytes", "no ranges"):
            start = int(asked.removeprefix("bytes=").rstrip("-"))
            if start >= len(body):
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{len(body)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
        else:
            self.send_response(200)
        length = len(body) - start + (500 if misdeed == "claims more" else 0)
        self.send_header("Content-Length", str(length))
        self.send_header("ETag", self.server.etag)
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        part = body[start:]
        while misdeed == "trickles" and part:
            self.wfile.write(part[:1000])
            part = part[1000:]
            time.sleep(0.02)
        self.wfile.write(part[: len(part) // 3] if misdeed == "breaks off" else part)
        if misdeed in ("breaks off", "claims more"):
            self.wfile.flush()
            self.close_connection = True
            self.connection.close()

    def log_message(self, *_):
        pass

    def handle(self):
        with contextlib.suppress(OSError, ValueError):  # the other side hung up, as these tests want it to
            super().handle()


@pytest.fixture
def server():
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def waits(monkeypatch):
    """Seconds that the downloader wanted to wait, which nobody does."""
    slept = []
    monkeypatch.setattr(fetching, "fetch", functools.partial(fetching.fetch, sleep=slept.append))
    return slept


def leftovers(folder):
    """What is left in a folder of files that were not whole."""
    return sorted(path.name for path in folder.rglob("*") if ".downloads" in path.parts[:-1] or ".partial" in path.name)


def test_a_file_comes_whole_and_is_not_fetched_twice(server, tmp_path, waits):
    came = []
    target = fetching.fetch(f"{server.url}/a.bin", tmp_path / "sub" / "a.bin", MD5, came.append)
    assert target.read_bytes() == BODY
    assert sum(came) == len(BODY)
    fetching.fetch(f"{server.url}/a.bin", target, MD5)
    assert server.ranges == [None]
    assert leftovers(target.parent) == []


def test_a_connection_that_breaks_off_is_taken_up_where_it_broke(server, tmp_path, waits):
    server.misdeeds = ["breaks off", "breaks off"]
    came = []
    target = fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5, came.append)
    assert target.read_bytes() == BODY
    assert server.ranges == [None, f"bytes={len(BODY) // 3}-", server.ranges[2]]
    assert int(server.ranges[2][6:-1]) > len(BODY) // 3
    assert sum(came) == len(BODY)
    assert all(wait < 4 for wait in waits)


def test_a_second_run_goes_on_where_the_first_was_killed(server, tmp_path, waits):
    server.misdeeds = ["breaks off"] + [500] * fetching.ATTEMPTS
    with pytest.raises(DataError, match="answers 500"):
        fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    server.ranges.clear()
    server.misdeeds.clear()
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert server.ranges == [f"bytes={len(BODY) // 3}-"]
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_halves_of_two_versions_are_not_put_together(server, tmp_path, waits):
    server.misdeeds = ["breaks off"] + [500] * fetching.ATTEMPTS
    with pytest.raises(DataError):
        fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin")
    server.files["/a.bin"], server.etag = BODY[::-1], '"2"'
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin")
    assert (tmp_path / "a.bin").read_bytes() == BODY[::-1]


def test_a_server_without_ranges_starts_again(server, tmp_path, waits):
    server.misdeeds = ["breaks off", "no ranges"]
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_a_length_that_is_too_long_is_seen_through(server, tmp_path, waits):
    server.misdeeds = ["claims more"]
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert (tmp_path / "a.bin").read_bytes() == BODY


def test_wrong_bytes_once_are_fetched_again_and_twice_refused(server, tmp_path, waits):
    server.misdeeds = ["wrong bytes"]
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert (tmp_path / "a.bin").read_bytes() == BODY
    server.misdeeds = ["wrong bytes", "wrong bytes"]
    with pytest.raises(DataError, match="does not have the checksum md5:"):
        fetching.fetch(f"{server.url}/b.bin", tmp_path / "b.bin", MD5)
    assert not (tmp_path / "b.bin").exists()
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_refusal_is_final_and_says_what_to_do(server, tmp_path, waits, status):
    server.misdeeds = [status]
    with pytest.raises(DataError, match=f"answers {status}") as refused:
        fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert "manually" in refused.value.advice
    assert waits == []
    assert len(server.ranges) == 1


def test_retry_after_is_obeyed(server, tmp_path, waits):
    server.misdeeds = [503, 503]
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", MD5)
    assert waits == [7.0, 7.0]


def test_the_next_server_is_asked_where_one_does_not_have_it(server, tmp_path, waits):
    server.misdeeds = [404, "breaks off"]
    urls = [f"{server.url}/{name}.bin" for name in ("gone", "there")]
    target = fetching.fetch(urls[0], tmp_path / "a.bin", MD5, mirrors=urls[1:], headers={"Authorization": "Bearer me"})
    assert target.read_bytes() == BODY
    assert server.logins[:2] == [("/gone.bin", "Bearer me"), ("/there.bin", None)]
    server.misdeeds = [404, 404]
    with pytest.raises(DataError, match=r"there\.bin: the server answers 404"):
        fetching.fetch(urls[0], tmp_path / "b.bin", MD5, mirrors=urls[1:])


def test_halves_of_two_servers_are_not_put_together_without_a_checksum(server, tmp_path, waits):
    server.misdeeds = ["breaks off"] + [500] * fetching.ATTEMPTS
    server.files["/mirror.bin"] = BODY[::-1]
    fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", mirrors=[f"{server.url}/mirror.bin"])
    assert (tmp_path / "a.bin").read_bytes() == BODY[::-1]


def test_a_checksum_that_the_server_sends_is_checked(server, tmp_path, waits):
    sent = base64.b64encode(hashlib.md5(BODY).digest()).decode()
    server.headers = {"x-goog-hash": f"crc32c=AAAAAA==,md5={sent}", "x-goog-stored-content-encoding": "identity"}
    server.misdeeds = ["wrong bytes"]
    assert fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin").read_bytes() == BODY


def test_a_file_of_the_hub_is_checked_by_gits_name_of_it(server, tmp_path, waits):
    name = "blob:" + hashlib.sha1(b"blob %d\0" % len(BODY) + BODY).hexdigest()
    server.misdeeds = ["wrong bytes"]
    assert fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin", name).read_bytes() == BODY


def test_a_run_that_was_killed_while_it_wrote_its_mark_starts_again(server, tmp_path, waits):
    (tmp_path / ".downloads").mkdir()
    (tmp_path / ".downloads" / "a.bin.partial").write_bytes(b"half of another version")
    (tmp_path / ".downloads" / "a.bin.version").write_text("")
    assert fetching.fetch(f"{server.url}/a.bin", tmp_path / "a.bin").read_bytes() == BODY


def test_an_access_key_comes_from_the_environment_and_is_never_shown(server, tmp_path, waits, monkeypatch, caplog):
    download = Download(url=f"{server.url}/f?file=a&key={{key}}", to="a.bin", key="TEST_ACCESS_KEY")
    dataset = dataclasses.replace(registry.get("voxceleb2"), downloads=(download,))
    assert pulling.wanted(dataset, tmp_path) == []
    monkeypatch.setenv("TEST_ACCESS_KEY", "se/cret")
    server.misdeeds = [500, 403]
    with caplog.at_level("DEBUG"):
        (failed,) = pulling.pull(dataset, tmp_path).failed
    assert server.logins[0][0] == "/f?file=a&key=se%2Fcret"
    assert "key={key}: the server answers 403" in failed
    assert "se/cret" not in caplog.text + failed
    assert "se%2Fcret" not in caplog.text + failed


def archive_of(files, kind="zip"):
    stream = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


FILES = {"LibriTTS/SPEAKERS.txt": b";ID", "LibriTTS/train/a b.wav": BODY, "LibriTTS/empty.txt": b""}


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_an_archive_is_unpacked(tmp_path, kind):
    (tmp_path / f"a.{kind}").write_bytes(archive_of(FILES, kind))
    assert unpack(tmp_path / f"a.{kind}", tmp_path / "out") == 3
    assert {
        file.relative_to(tmp_path / "out").as_posix(): file.read_bytes()
        for file in (tmp_path / "out").rglob("*")
        if file.is_file()
    } == FILES


def test_a_split_zip_is_unpacked(tmp_path):
    whole = b"PK\x07\x08" + archive_of(FILES)
    third = len(whole) // 3
    pieces = {"a.z01": whole[:third], "a.z02": whole[third : 2 * third], "a.zip": whole[2 * third :]}
    for name, content in pieces.items():
        (tmp_path / name).write_bytes(content)
    volumes = (tmp_path / "a.z01", tmp_path / "a.z02")
    assert unpack(tmp_path / "a.zip", tmp_path / "out", volumes) == 3
    assert (tmp_path / "out" / "LibriTTS" / "train" / "a b.wav").read_bytes() == BODY
    (tmp_path / "a.z02").write_bytes(b"x" * third)
    with pytest.raises(DataError, match="damaged"):
        unpack(tmp_path / "a.zip", tmp_path / "out2", volumes)


def test_a_7z_archive_is_unpacked(tmp_path):
    py7zr = pytest.importorskip("py7zr")
    with py7zr.SevenZipFile(tmp_path / "a.7z", "w") as archive:
        for name, content in FILES.items():
            archive.writestr(content, name)
    assert unpack(tmp_path / "a.7z", tmp_path / "out") == 3
    assert (tmp_path / "out" / "LibriTTS" / "train" / "a b.wav").read_bytes() == BODY
    assert leftovers(tmp_path / "out") == []
    (tmp_path / "b.7z").write_bytes(b"not 7z at all")
    with pytest.raises(DataError, match="damaged"):
        unpack(tmp_path / "b.7z", tmp_path / "out")


@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "..\\evil.txt"])
@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_no_path_leaves_the_target(tmp_path, kind, name):
    (tmp_path / "a").write_bytes(archive_of({"good.txt": b"x", name: b"evil"}, kind))
    with pytest.raises(DataError, match="leads out of the root"):
        unpack(tmp_path / "a", tmp_path / "deep" / "out")
    assert not list(tmp_path.rglob("evil*"))


def test_no_link_is_made_or_followed(tmp_path):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        link = tarfile.TarInfo("door")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    (tmp_path / "a.tar").write_bytes(stream.getvalue())
    with pytest.raises(DataError, match="holds the link or device 'door'"):
        unpack(tmp_path / "a.tar", tmp_path / "out")
    (tmp_path / "out" / "door").symlink_to(tmp_path)
    (tmp_path / "b.zip").write_bytes(archive_of({"door/evil.txt": b"x"}))
    with pytest.raises(DataError, match="by a link"):
        unpack(tmp_path / "b.zip", tmp_path / "out")
    assert not (tmp_path / "evil.txt").exists()


def test_a_bomb_does_not_go_off(tmp_path, monkeypatch):
    monkeypatch.setattr("aig.datasets_registry.download.unpack.ALWAYS_ALLOWED", 1 << 20)
    (tmp_path / "bomb.zip").write_bytes(archive_of({"zeros": bytes(30 << 20)}))
    with pytest.raises(DataError, match="grows to more than 100 times"):
        unpack(tmp_path / "bomb.zip", tmp_path / "out")
    assert not any(path.stat().st_size > 4 << 20 for path in (tmp_path / "out").rglob("*"))


def served(server, **files):
    """LibriTTS with its downloads at the local server."""
    downloads = []
    for name, content in files.items():
        server.files[f"/{name}"] = content
        checksum = "md5:" + hashlib.md5(content).hexdigest()
        downloads.append(Download(url=f"{server.url}/{name}", to="", checksum=checksum, unpack=True, part=name[:-7]))
    parts = next(iter(files))[:-7]
    dataset = registry.get("libritts")
    return dataclasses.replace(dataset, downloads=tuple(downloads), pull_parts=(parts,))


def test_a_dataset_is_pulled_unpacked_and_marked_complete(server, tmp_path, waits):
    clip = "LibriTTS/train-clean-100/19/198/19_198_000000_000000"
    content = archive_of({f"{clip}.wav": BODY, f"{clip}.normalized.txt": b"Hello."}, "tar")
    dataset = served(server, **{"train-clean-100.tar.gz": content, "dev-clean.tar.gz": b""})
    first = pulling.pull(dataset, tmp_path)
    assert (first.fetched, first.there, first.failed) == (1, 0, ())
    assert (tmp_path / f"{clip}.wav").read_bytes() == BODY
    assert not (tmp_path / "train-clean-100.tar.gz").exists()
    server.ranges.clear()
    again = pulling.pull(dataset, tmp_path)
    assert (again.fetched, again.there) == (0, 1)
    assert server.ranges == []


def test_what_cannot_be_had_does_not_stop_the_rest(server, tmp_path, waits):
    dataset = served(
        server,
        **{"train-clean-100.tar.gz": archive_of({"a": b"x"}, "tar"), "dev-clean.tar.gz": b"no archive at all"},
    )
    pulled = pulling.pull(dataset, tmp_path, ["train-clean-100", "dev-clean"])
    assert (pulled.fetched, len(pulled.failed)) == (1, 1)
    assert "dev-clean.tar.gz is damaged" in pulled.failed[0]
    assert (tmp_path / "a").read_bytes() == b"x"


def test_a_full_disk_is_noticed_before_anything_is_fetched(server, tmp_path, monkeypatch):
    dataset = served(server, **{"train-clean-100.tar.gz": BODY})
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=2 * len(BODY) - 1))
    with pytest.raises(DataError, match=r"about 0\.0 GB are needed"):
        pulling.pull(dataset, tmp_path)
    assert server.ranges == []


def test_a_pull_of_volumes_unpacks_once_all_are_there(server, tmp_path, waits):
    whole = b"PK\x07\x08" + archive_of(FILES)
    server.files |= {"/a.z01": whole[:1000], "/a.zip": whole[1000:]}
    dataset = registry.get("fsd50k")
    downloads = (
        Download(url=f"{server.url}/a.z01", to="a.z01", makes=("LibriTTS",)),
        Download(url=f"{server.url}/a.zip", to="", unpack=True, volumes=("a.z01",), makes=("LibriTTS",)),
    )
    dataset = dataclasses.replace(dataset, downloads=downloads)
    server.misdeeds = [404]
    assert len(pulling.pull(dataset, tmp_path).failed) >= 1
    pulled = pulling.pull(dataset, tmp_path)
    assert pulled.failed == ()
    assert (tmp_path / "LibriTTS" / "SPEAKERS.txt").exists()
    assert not list(tmp_path.glob("a.z*"))
    assert pulling.wanted(dataset, tmp_path) == []


def test_what_was_unpacked_by_hand_is_not_fetched_again(server, tmp_path):
    (tmp_path / "LibriTTS" / "train-clean-100").mkdir(parents=True)
    assert pulling.wanted(registry.get("libritts"), tmp_path) == []
    (tmp_path / "train-clean-100.tar.gz").touch()
    dataset = served(server, **{"train-clean-100.tar.gz": b""})
    dataset = dataclasses.replace(
        dataset, downloads=tuple(dataclasses.replace(d, makes=("LibriTTS/train-clean-100",)) for d in dataset.downloads)
    )
    # The archive lies there: it may have been broken off while it was unpacked.
    assert [item.file.name for item in pulling.wanted(dataset, tmp_path)] == ["train-clean-100.tar.gz"]


def test_an_interruption_stops_the_other_files_and_keeps_what_came(server, tmp_path, waits):
    dataset = served(server, **{f"train-clean-{n}.tar.gz": BODY for n in (100, 360, 500)})
    server.misdeeds = ["trickles"] * 3
    parts = ["train-clean-100", "train-clean-360", "train-clean-500"]
    seen = []

    def interrupt(size):
        seen.append(size)
        if len(seen) == 20:
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        pulling.pull(dataset, tmp_path, parts, interrupt)
    assert time.monotonic() - started < 10  # to the end it would trickle for twenty seconds and more
    assert sum(path.stat().st_size for path in tmp_path.rglob("*.partial")) > 0
    assert not list(tmp_path.glob("*.tar.gz"))
