"""A local stand-in for the Hugging Face hub: repositories, large files, commits, tags, downloads, and faults."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import http.server
import json
import re
import threading
import time
import types
import urllib.parse
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

TOKEN = "hf_good_token_of_a_test"


@dataclass
class Repo:
    private: bool
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    head: str = ""

    def commit(self, files: dict[str, bytes]) -> str:
        self.head = hashlib.sha1(f"{len(self.commits)} {sorted(files)}".encode()).hexdigest()
        self.commits[self.head] = files
        return self.head

    def find(self, revision: str) -> str | None:
        commit = self.tags.get(revision, revision)
        return self.head if revision == "main" else commit if commit in self.commits else None


@dataclass(frozen=True)
class Answer:
    """A fault in the hub's own form: in `words`, with the headers that its client reads."""

    status: int
    words: str = "a fault"
    headers: dict[str, str] = field(default_factory=dict)


Fault = int | str | Answer


class Hub(http.server.ThreadingHTTPServer):
    """Attributes: `faults`, answers still to be given by pattern of `METHOD path`: statuses, `cut`, or `lost`, where
    the request is done and 504 answered; `uploads`, how often each large file came; `asked`, every request;
    `before_commit`, called as one comes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.repos: dict[str, Repo] = {}
        self.large: dict[str, bytes] = {}
        self.uploads: list[str] = []
        self.asked: list[str] = []
        self.faults: dict[str, list[Fault]] = {}
        self.before_commit: Callable[[], object] | None = None

    def fault(self, request: str) -> Fault | None:
        for pattern, left in self.faults.items():
            if left and re.search(pattern, request):
                return left.pop(0)
        return None


class _Handler(http.server.BaseHTTPRequestHandler):
    server: Hub
    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        self._serve()

    do_HEAD = do_POST = do_PUT = do_GET

    def _serve(self) -> None:
        url = urllib.parse.urlsplit(self.path)
        path = urllib.parse.unquote(url.path)
        body = self._body()
        self.server.asked.append(f"{self.command} {path}")
        fault = self.server.fault(f"{self.command} {path}")
        if isinstance(fault, int):
            fault = Answer(fault)
        if isinstance(fault, Answer):
            return self._answer(fault.status, {"error": fault.words}, fault.headers)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}" and not path.startswith("/large/"):
            return self._answer(401, {"error": "Invalid credentials"}, {"X-Error-Code": "RepoNotFound"})
        if path == "/api/repos/create":
            asked = json.loads(body)
            name = f"{asked['organization']}/{asked['name']}"
            if name in self.server.repos:
                return self._answer(
                    409, {"error": "You already created it", "url": f"{self.server.url}/datasets/{name}"}
                )
            repo = self.server.repos[name] = Repo(asked.get("visibility") == "private")
            repo.commit({".gitattributes": b"*.parquet filter=lfs diff=lfs merge=lfs -text\n"})
            return self._answer(200, {"url": f"{self.server.url}/datasets/{name}"})
        if path == "/api/validate-yaml":
            return self._answer(200, {"errors": [], "warnings": []})
        if path.startswith("/large/"):
            if fault == "cut":
                self.close_connection = True
                return self.connection.close()
            oid = path.rpartition("/")[2]
            assert hashlib.sha256(body).hexdigest() == oid
            self.server.large[oid] = body
            self.server.uploads.append(oid)
            return self._answer(200, {})
        found = re.fullmatch(r"(?:/api)?/datasets/([^/]+/[^/]+?)(?:\.git)?(/.*)?", path)
        repo_ = self.server.repos.get(found[1]) if found else None
        if found is None or repo_ is None:
            return self._answer(404, {"error": "Repository not found"}, {"X-Error-Code": "RepoNotFound"})
        return self._of_repo(found[1], repo_, found[2] or "", body, fault)

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _of_repo(self, name: str, repo: Repo, rest: str, body: bytes, fault: Fault | None) -> None:
        kind, _, after = rest.lstrip("/").partition("/")
        if kind == "info":
            return self._batch(json.loads(body))
        if kind == "refs":
            tags = [{"name": tag, "ref": f"refs/tags/{tag}", "targetCommit": at} for tag, at in repo.tags.items()]
            return self._answer(200, {"branches": [], "converts": [], "tags": tags})
        revision, _, inside = after.partition("/")
        commit = repo.find(revision or "main")
        if commit is None:
            return self._answer(404, {"error": "Invalid rev id"}, {"X-Error-Code": "RevisionNotFound"})
        files = repo.commits[commit]
        if kind in ("", "revision"):
            siblings = [{"rfilename": path} for path in sorted(files)]
            return self._answer(200, {"id": name, "sha": commit, "private": repo.private, "siblings": siblings})
        if kind == "tree":
            recursive = "recursive" in urllib.parse.urlsplit(self.path).query.lower()
            return self._answer(200, list(_entries(files, inside, recursive)))
        if kind == "paths-info":
            wanted = urllib.parse.parse_qs(body.decode()).get("paths") or json.loads(body)["paths"]
            return self._answer(200, [_entry(path, files[path]) for path in wanted if path in files])
        if kind == "preupload":
            modes = [
                {
                    "path": one["path"],
                    "uploadMode": "lfs" if one["path"].endswith(".parquet") else "regular",
                    "shouldIgnore": False,
                }
                for one in json.loads(body)["files"]
            ]
            return self._answer(200, {"files": modes})
        if kind == "commit":
            lines = [json.loads(line) for line in body.splitlines()]
            return self._commit(name, repo, commit, lines, lost=fault == "lost")
        if kind == "tag":
            tag = json.loads(body)["tag"]
            if tag in repo.tags:
                return self._answer(409, {"error": "Tag exists"})
            repo.tags[tag] = commit
            return self._answer(200, {})
        if kind == "resolve":
            if inside not in files:
                return self._answer(404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound"})
            content = files[inside]
            headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": commit}
            return self._content(content, headers, cut=fault == "cut")
        return self._answer(404, {"error": f"nothing is at {rest}"})

    def _batch(self, asked: dict) -> None:
        objects = []
        for one in asked["objects"]:
            known = one["oid"] in self.server.large
            upload = {"upload": {"href": f"{self.server.url}/large/{one['oid']}", "header": {}}}
            objects.append(one if known else {**one, "actions": upload})
        self._answer(200, {"transfer": "basic", "objects": objects})

    def _commit(self, name: str, repo: Repo, parent: str, lines: list[dict], *, lost: bool) -> None:
        if self.server.before_commit:
            self.server.before_commit()
        files = dict(repo.commits[parent])
        for line in lines:
            value = line["value"]
            if line["key"] == "header" and value.get("parentCommit") not in (None, repo.head):
                return self._answer(412, {"error": "A commit has happened since. Please refresh and try again."})
            if line["key"] == "file":
                files[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                files[value["path"]] = self.server.large[value["oid"]]
            elif line["key"] == "deletedFile":
                del files[value["path"]]
        oid = repo.commit(files)
        if lost:
            return self._answer(504, {"error": "Gateway Time-out"})
        url = f"{self.server.url}/datasets/{name}/commit/{oid}"
        return self._answer(200, {"commitUrl": url, "commitOid": oid, "pullRequestUrl": None})

    def _content(self, content: bytes, headers: dict[str, str], *, cut: bool) -> None:
        start, end, status = 0, len(content), 200
        if asked := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            start, end, status = int(asked[1]), int(asked[2] or end - 1) + 1, 206
            headers |= {"Content-Range": f"bytes {start}-{end - 1}/{len(content)}"}
        part = content[start:end]
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(part)), "Accept-Ranges": "bytes"}.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        self.wfile.write(part[: len(part) // 2] if cut else part)
        if cut:
            self.close_connection = True
            self.connection.close()

    def _answer(self, status: int, content: object, headers: dict[str, str] | None = None) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().handle()

    def log_message(self, *_: object) -> None:
        pass


def _entry(path: str, content: bytes) -> dict:
    entry = {"type": "file", "path": path, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
    if path.endswith(".parquet"):
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return entry


def _entries(files: dict[str, bytes], inside: str, recursive: bool) -> Iterator[dict]:
    folders = set()
    for path, content in sorted(files.items()):
        if inside and not path.startswith(f"{inside}/"):
            continue
        below = path.removeprefix(f"{inside}/" if inside else "")
        if "/" in below and not recursive:
            folder = path[: len(path) - len(below)] + below.partition("/")[0]
            if folder not in folders:
                yield {"type": "directory", "path": folder, "oid": "0" * 40, "size": 0}
            folders.add(folder)
        else:
            yield _entry(path, content)


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path) -> Iterator[Hub]:
    """The stand-in, in place of the hub; nobody waits between tries, and its cache is the test's own."""
    constants = pytest.importorskip("huggingface_hub.constants")
    from huggingface_hub.utils import _http

    server = Hub()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", server.url)
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)  # its servers speak another protocol
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub_cache"))
    monkeypatch.setattr(_http, "time", types.SimpleNamespace(**{**vars(time), "sleep": lambda seconds: None}))
    yield server
    server.shutdown()
    server.server_close()
