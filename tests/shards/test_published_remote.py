"""Published sets on an S3 server and behind a web server."""

from __future__ import annotations

import contextlib
import functools
import http.server
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aig.core.errors import UsageError
from aig.core.records import QAPair
from aig.pipelines.cli.app import app
from aig.pipelines.cli.output import run
from aig.shards.manifest import Manifest
from aig.shards.statistics import statistics
from aig.shards.validator.validate import validate


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    pytest.importorskip("s3fs")
    moto = pytest.importorskip("moto.server")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = moto.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{host}:{port}")
    import s3fs

    s3fs.S3FileSystem.clear_instance_cache()
    s3fs.S3FileSystem().makedirs("bucket", exist_ok=True)
    yield "s3://bucket"
    s3fs.S3FileSystem.clear_instance_cache()
    server.stop()


@pytest.mark.slow
def test_a_set_on_s3_is_published_replaced_and_validated(
    bucket: str, pairs: Callable[[int], list[QAPair]], published_by: Callable[..., Manifest]
) -> None:
    import s3fs

    url = f"{bucket}/some/prefix"
    published_by(url, pairs(660))
    assert validate(url).to_dict()["errors"] == []
    published_by(url, pairs(100))
    report = validate(url)
    assert (report.ok, report.rows) == (True, 100)
    assert statistics(url).rows == 100
    fs = s3fs.S3FileSystem()
    fs.rm_file("bucket/some/prefix/manifest.json")
    fs.invalidate_cache()
    assert [finding.code for finding in validate(url).errors] == ["no_manifest"]


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


class Moody(Quiet):
    """Answers 401, 403 or 500 for one file, or cuts it; the others are served."""

    mood = ""
    asked = 0

    def do_GET(self) -> None:
        if "open" in self.path and self.mood:
            type(self).asked += 1
            if self.mood == "cut":
                self.send_response(200)
                self.send_header("Content-Length", str(Path(self.translate_path(self.path)).stat().st_size))
                self.end_headers()
                self.wfile.write(b"PAR1 and then")
                return
            if self.mood == "once" and self.asked > 2:
                super().do_GET()
                return
            self.send_error(500 if self.mood == "once" else int(self.mood))
            return
        super().do_GET()

    def do_HEAD(self) -> None:
        if "open" in self.path and self.mood and self.mood not in ("cut", "once"):
            self.send_error(int(self.mood))
        else:
            super().do_HEAD()

    def list_directory(self, path: object) -> None:
        self.send_error(404)


class Locked(Quiet):
    def do_GET(self) -> None:
        self.send_error(401)

    do_HEAD = do_GET


@contextlib.contextmanager
def serving(handler: type[Quiet], folder: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("mood", "message"),
    [("401", "answers 401"), ("403", "answers 403"), ("500", "answers 500"), ("cut", "cannot be reached")],
)
def test_the_rest_is_checked_where_a_server_does_not_give_a_file(
    published_set: Path, mood: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    handler = type("Handler", (Moody,), {"mood": mood, "asked": 0})
    with serving(handler, published_set) as host:
        url = f"http://anna:secret@{host}"
        report = validate(url)
        assert not report.complete
        assert {finding.code for finding in report.errors} == {"unreachable"}
        assert all("open" in finding.shard and message in finding.message for finding in report.errors)
        assert report.rows == 630
        assert "secret" not in str(report)
        assert app_status("validate", url) == 2
    told = "".join(capfd.readouterr())
    assert "What to do:" in told
    assert "secret" not in told
    assert "Traceback" not in told


def test_a_server_that_fails_for_a_moment_is_asked_again(published_set: Path) -> None:
    handler = type("Handler", (Moody,), {"mood": "once", "asked": 0})
    with serving(handler, published_set) as host:
        assert validate(f"http://{host}").to_dict()["errors"] == []


@pytest.mark.parametrize("address", ["http://anna:secret@{host}/set", "http://{host}/set?token=secret"])
def test_a_login_that_is_missing_is_said_without_passwords(
    published_set: Path, address: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with serving(Locked, published_set) as host:
        for command in ("validate", "stats"):
            assert app_status(command, address.format(host=host)) == 2
            told = "".join(capfd.readouterr())
            assert "the server answers 401" in told
            assert "Log in" in told
            assert "secret" not in told
            assert "Traceback" not in told


def test_a_store_without_credentials_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    s3fs = pytest.importorskip("s3fs")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    s3fs.S3FileSystem.clear_instance_cache()
    assert app_status("validate", "s3://bucket/set") == 2
    told = capfd.readouterr().err
    assert "AWS_ACCESS_KEY_ID" in told
    assert "Traceback" not in told
    s3fs.S3FileSystem.clear_instance_cache()


def app_status(*arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["aig", *arguments])
        return run(app)


class Unlisted(Quiet):
    def list_directory(self, path: object) -> None:
        self.send_error(404)


@pytest.mark.parametrize(("handler", "warnings"), [(Quiet, []), (Unlisted, ["not_listed"])])
def test_a_set_behind_a_web_server_is_validated(published_set: Path, handler: type[Quiet], warnings: list[str]) -> None:
    serve = functools.partial(handler, directory=str(published_set))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        url = f"http://127.0.0.1:{server.server_port}"
        report = validate(url)
        assert (report.ok, report.rows) == (True, 660)
        assert [finding.code for finding in report.warnings] == warnings
        assert statistics(url).rows == 660
    finally:
        server.shutdown()
        server.server_close()
    with pytest.raises(UsageError):
        validate(url)
