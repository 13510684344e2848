"""A folder of the hub, against a local stand-in that speaks its protocol: listing in pages, sums, redirects, logins."""

import contextlib
import dataclasses
import hashlib
import http.server
import io
import json
import sys
import threading
import urllib.parse
import zipfile

import pytest

from aig.core.errors import DataError, UsageError
from aig.datasets_registry import registry
from aig.datasets_registry.download import pull as pulling
from aig.datasets_registry.download.hub import hub_folder

pytest.importorskip("huggingface_hub")

SHA = "a" * 40
PARQUET = b"PAR1" * 5000
FILES = {
    "README.md": b"# card\n",
    "data/bal_train/00.parquet": PARQUET,
    "data/bal_train/01.parquet": PARQUET[::-1],
    "data/eval/00.parquet": PARQUET + b"eval",
    ".gitattributes": b"*.parquet lfs",
    "../evil": b"evil",
}


class Hub(http.server.ThreadingHTTPServer):
    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.files = dict(FILES)
        self.status = 200
        self.asked = []


class Handler(http.server.BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(url.query)
        self.server.asked.append((self.command, url.path, self.headers.get("Authorization")))
        if self.server.status != 200:
            error = {401: "RepoNotFound", 403: "GatedRepo"}.get(self.server.status)
            return self.answer(self.server.status, b"{}", {"X-Error-Code": error} if error else {})
        if url.path in ("/api/datasets/owner/name", "/api/datasets/owner/name/revision/v2"):
            about = {"id": "owner/name", "sha": SHA, "cardData": {"license": "cc-by-4.0"}, "siblings": []}
            return self.answer(200, json.dumps(about).encode())
        if url.path == f"/api/datasets/owner/name/tree/{SHA}":
            names = sorted(self.server.files)
            start = int(query.get("cursor", ["0"])[0])
            page = [self.entry(name) for name in names[start : start + 2]]
            more = f'<{self.server.url}{url.path}?recursive=True&cursor={start + 2}>; rel="next"'
            return self.answer(200, json.dumps(page).encode(), {"Link": more} if start + 2 < len(names) else {})
        if url.path.startswith(f"/datasets/owner/name/resolve/{SHA}/"):
            name = url.path.split(f"{SHA}/")[1]
            return self.answer(
                302, b"", {"Location": f"{self.server.url.replace('127.0.0.1', 'localhost')}/cdn/{name}"}
            )
        if url.path.startswith("/cdn/"):
            return self.answer(200, self.server.files[url.path.removeprefix("/cdn/")], {"ETag": '"x"'})
        return self.answer(404, b"{}")

    def entry(self, name):
        content = FILES[name]
        blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
        entry = {"type": "file", "path": name, "size": len(content), "oid": blob}
        if name.endswith(".parquet"):
            pointer = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
            entry |= {"oid": "0" * 40, "lfs": pointer}
        return entry

    def answer(self, status, body, headers=None):
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def handle(self):
        with contextlib.suppress(OSError):
            super().handle()

    def log_message(self, *_):
        pass


@pytest.fixture
def hub(monkeypatch):
    server = Hub()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    yield server
    server.shutdown()
    server.server_close()


def test_a_folder_comes_whole_and_checked_and_only_once(hub, tmp_path):
    folder = hub_folder("owner/name")
    assert (folder.revision, folder.licence) == (SHA, "cc-by-4.0")
    assert sum(download.size for download in folder.downloads) == 3 * len(PARQUET) + 4 + len(FILES["README.md"])
    dataset = dataclasses.replace(registry.get("audioset"), downloads=folder.downloads)
    done = pulling.pull(dataset, tmp_path, headers=folder.headers)
    assert (done.fetched, done.failed) == (4, ())
    found = {path.relative_to(tmp_path).as_posix(): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    kept = {name: content for name, content in found.items() if not name.startswith(".")}
    assert kept == {name: content for name, content in FILES.items() if not name.startswith(".")}
    assert pulling.wanted(dataset, tmp_path) == []


def test_the_token_goes_to_the_hub_and_not_to_where_it_sends_one(hub, tmp_path):
    folder = hub_folder("owner/name", ["data/eval/*"])
    pulling.pull(
        dataclasses.replace(registry.get("audioset"), downloads=folder.downloads), tmp_path, headers=folder.headers
    )
    logins = {path.split("/")[1]: login for _, path, login in hub.asked}
    assert logins == {"api": "Bearer hf_secret", "datasets": "Bearer hf_secret", "cdn": None}


def test_a_revision_and_patterns_may_be_asked_for(hub):
    names = [download.to for download in hub_folder("owner/name@v2", ["data/bal_train/*"]).downloads]
    assert names == ["data/bal_train/00.parquet", "data/bal_train/01.parquet"]
    with pytest.raises(UsageError, match="no file that fits") as refused:
        hub_folder("owner/name", ["date/*"])
    assert "data" in refused.value.advice


@pytest.mark.parametrize("name", ["README.md", "data/eval/00.parquet"])
def test_a_file_that_is_not_what_was_listed_is_refused(hub, tmp_path, name):
    hub.files[name] = hub.files[name][:-1] + b"x"
    folder = hub_folder("owner/name", [name])
    dataset = dataclasses.replace(registry.get("audioset"), downloads=folder.downloads)
    (failed,) = pulling.pull(dataset, tmp_path).failed
    assert "does not have the checksum" in failed
    assert not (tmp_path / name).exists()


def test_volumes_beyond_99_come_in_their_order(hub, monkeypatch):
    names = [*(f"A.z{number:02d}" for number in range(1, 121)), "A.zip"]
    monkeypatch.setattr(sys.modules[__name__], "FILES", dict.fromkeys(names, b"x"))
    hub.files = FILES
    (last,) = [download for download in hub_folder("owner/name").downloads if download.unpack]
    assert list(last.volumes) == names[:-1]


def test_archives_are_unpacked_where_they_lie_and_volumes_are_joined(hub, tmp_path, monkeypatch):
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("mnt/deep/1.flac", b"fLaC" * 1000)
    content = whole.getvalue()
    files = {"Zip_files/A/A.z01": b"PK\x07\x08" + content[:1500], "Zip_files/A/A.zip": content[1500:], "b.zip": content}
    monkeypatch.setattr(sys.modules[__name__], "FILES", files)
    hub.files = files
    dataset = dataclasses.replace(registry.get("freesound"), downloads=hub_folder("owner/name").downloads)
    assert pulling.pull(dataset, tmp_path).failed == ()
    assert (tmp_path / "Zip_files" / "A" / "mnt" / "deep" / "1.flac").read_bytes() == b"fLaC" * 1000
    assert (tmp_path / "mnt" / "deep" / "1.flac").exists()
    assert not [*tmp_path.rglob("*.z01"), *tmp_path.rglob("*.zip")]
    assert pulling.wanted(dataset, tmp_path) == []


@pytest.mark.parametrize(
    ("status", "error", "why"),
    [
        (401, UsageError, "no dataset owner/name"),
        (403, UsageError, "open only to people"),
        (500, DataError, "cannot be asked"),
    ],
)
def test_a_hub_that_refuses_is_said_with_advice(hub, status, error, why):
    hub.status = status
    with pytest.raises(error, match=why) as refused:
        hub_folder("owner/name")
    assert refused.value.advice
    assert "hf_secret" not in str(refused.value)


def test_no_hub_at_all_is_said(monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DataError, match="cannot be asked"):
        hub_folder("owner/name")


@pytest.mark.parametrize("repo", ["", "a b/c", "../x", "owner/name/more"])
def test_what_is_not_a_repository_is_refused(hub, repo):
    with pytest.raises(UsageError):
        hub_folder(repo)
