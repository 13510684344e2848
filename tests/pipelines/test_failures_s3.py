"""The workspace on a real S3-speaking server on loopback that answers 500 and 503 at times."""

import itertools
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from datasets_registry.errors import DataError
from datasets_registry.records import Clip
from datasets_registry.tables import CLIPS
from pipelines import lock
from pipelines.workspace import Workspace

pytestmark = pytest.mark.slow

s3fs = pytest.importorskip("s3fs", reason="pip install 'aig[s3]'")
moto_app = pytest.importorskip("moto.moto_server.werkzeug_app", reason="pip install 'moto[server]'")


class Flaky:
    """Answers every so many-th request with 500 or 503 instead of handing it on."""

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._count = itertools.count(1)
        self.every = 0
        self.failed = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        if self.every and next(self._count) % self.every == 0:
            self.failed += 1
            start("503 Slow Down" if self.failed % 2 else "500 Internal Server Error", [("Content-Length", "0")])
            return [b""]
        return self._app(environ, start)


@pytest.fixture(scope="module")
def store() -> Iterator[Flaky]:
    from werkzeug.serving import make_server

    flaky = Flaky(moto_app.DomainDispatcherApplication(moto_app.create_backend_app))
    server = make_server("127.0.0.1", 0, flaky, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("NO_PROXY", "127.0.0.1")
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("bucket")
        yield flaky
        s3fs.S3FileSystem.clear_instance_cache()
    server.shutdown()


def test_tables_are_written_listed_and_queried_though_the_store_fails_at_times(store: Flaky) -> None:
    workspace = Workspace("s3://bucket/tables")
    clips = [Clip(audio_id=f"mine/{n}", dataset="mine", path=f"{n}.wav") for n in range(100)]
    store.every = 4
    try:
        for part in range(5):
            workspace.write(clips[part * 20 : part * 20 + 20], Clip, "clips", "mine", f"part-{part}.parquet")
        assert len(workspace.parts("clips", "mine")) == 5
        assert list(workspace.records(Clip, "clips", "mine")) == clips
        database = workspace.database()
        workspace.view(database, "clips", CLIPS, ("clips", "mine"), workspace.parts("clips", "mine"))
        assert database.execute("SELECT count(DISTINCT audio_id) FROM clips").fetchall() == [(100,)]
    finally:
        store.every = 0
    assert store.failed > 3


def test_a_second_run_is_refused_and_a_dead_ones_lock_is_taken_over(
    store: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "RENEWED_EVERY_S", 0.3)
    monkeypatch.setattr(lock, "STALE_AFTER_S", 3.0)
    with lock.only_run("s3://bucket/held"):
        lock._held.clear()  # as another process sees it
        with pytest.raises(DataError, match="in use by another run"), lock.only_run("s3://bucket/held"):
            pass
    assert lock.holder_of("s3://bucket/held") is None
    s3fs.S3FileSystem().pipe_file("bucket/held/.lock", b'{"pid": 1, "host": "gone", "token": "x"}')
    with lock.only_run("s3://bucket/held"):
        assert "gone" not in (lock.holder_of("s3://bucket/held") or "")
    assert lock.holder_of("s3://bucket/held") is None
