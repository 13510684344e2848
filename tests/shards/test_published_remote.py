"""Published sets on an S3 server and behind a web server."""

from __future__ import annotations

import functools
import http.server
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aig.core.errors import UsageError
from aig.core.records import QAPair
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
