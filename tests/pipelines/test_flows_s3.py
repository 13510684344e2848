"""The workspace on a real S3-speaking server on loopback that fails at times, is slow, and loses connections."""

import asyncio
import itertools
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import fsspec
import pytest

from aig.core import locks
from aig.core.errors import DataError
from aig.core.records import Clip
from aig.core.storage import write_bytes
from aig.core.tables import CLIPS
from aig.generators.chat import ChatRequest
from aig.generators.client.ask import ask
from aig.generators.ledger.ledger import Ledger
from aig.generators.mock_server.server import MockServer
from aig.generators.settings import GenerateSettings
from aig.pipelines.configuration import load
from aig.pipelines.runtime import lock
from aig.pipelines.runtime.storage_errors import explained
from aig.pipelines.workspace.workspace import Workspace
from benchmarks.faults import Corpus
from helpers.faulty_proxy import FaultyProxy
from helpers.plain_build import plain_build

pytestmark = pytest.mark.slow

s3fs = pytest.importorskip("s3fs", reason="the extra s3 is not installed")
moto_app = pytest.importorskip("moto.moto_server.werkzeug_app", reason="pip install 'moto[server]'")


class Flaky:
    """Answers every n-th request with 500 or 503 instead of handing it on; a faulty proxy stands before it."""

    proxy: FaultyProxy

    def __init__(self, app: Callable[..., Iterable[bytes]]) -> None:
        self._app = app
        self._count = itertools.count(1)
        self.every = 0
        self.failed = 0
        self.asked = 0

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        self.asked += 1
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
    flaky.proxy = FaultyProxy(server.server_port)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{flaky.proxy.port}")
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            patch.setenv(name, "test")
        patch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        patch.setenv("NO_PROXY", "127.0.0.1")
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().makedirs("bucket", exist_ok=True)  # moto keeps one store a process
        yield flaky
        s3fs.S3FileSystem.clear_instance_cache()
    flaky.proxy.close()
    server.shutdown()


@pytest.fixture(autouse=True)
def sound_again(store: Flaky) -> Iterator[None]:
    yield
    store.every = store.proxy.cuts = 0
    store.proxy.delay_s = 0.0


def test_tables_are_written_listed_and_queried_though_the_store_fails_at_times(store: Flaky) -> None:
    workspace = Workspace("s3://bucket/tables")
    clips = [Clip(audio_id=f"mine/{n}", dataset="mine", path=f"{n}.wav") for n in range(100)]
    store.every = 4
    for part in range(5):
        workspace.write(clips[part * 20 : part * 20 + 20], Clip, "clips", "mine", f"part-{part}.parquet")
    assert len(workspace.parts("clips", "mine")) == 5
    assert list(workspace.records(Clip, "clips", "mine")) == clips
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", "mine"), workspace.parts("clips", "mine"))
    assert database.execute("SELECT count(DISTINCT audio_id) FROM clips").fetchall() == [(100,)]
    assert store.failed > 3


@pytest.mark.parametrize("megabytes", [1, 60], ids=["whole", "multipart"])
def test_an_upload_whose_connection_is_cut_is_made_anew_and_appears_whole(store: Flaky, megabytes: int) -> None:
    content = os.urandom(1 << 20) * megabytes
    url = f"s3://bucket/cut/{megabytes}"
    cut_before, store.proxy.cuts = store.proxy.cut, 2
    write_bytes(url, content)
    assert store.proxy.cut == cut_before + 2
    with fsspec.open(url, "rb") as stream:
        assert stream.read() == content


def test_an_upload_that_cannot_be_made_leaves_nothing_behind_and_says_so(
    store: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "2")  # five, with seconds between them, else
    s3fs.S3FileSystem.clear_instance_cache()
    store.proxy.cuts = 1_000
    with pytest.raises(DataError, match="cannot be read or written") as error, explained("s3://bucket/never"):
        write_bytes("s3://bucket/never/part-0.parquet", os.urandom(1 << 20))
    assert "same command again" in error.value.advice
    store.proxy.cuts = 0
    assert Workspace("s3://bucket/never").parts() == []
    s3fs.S3FileSystem.clear_instance_cache()


def test_the_ledger_keeps_every_reply_though_the_store_fails_at_times_and_is_slow(store: Flaky) -> None:
    wanted = [ChatRequest("mock", ({"role": "user", "content": f"{number}?"},), {}) for number in range(20)]
    store.every, store.proxy.delay_s = 16, 0.02
    with MockServer() as server:
        settings = GenerateSettings(model="mock", base_url=server.url, prices={"mock": {"input": 1, "output": 1}})

        def asked(requests: list[ChatRequest]) -> Any:
            with Ledger("s3://bucket/ledger/responses") as ledger:
                return asyncio.run(ask(requests, ledger, settings))

        assert asked(wanted[:12]).answered == 12
        again = asked(wanted)
    assert (again.answered, again.cached, again.failed) == (8, 12, 0)


def test_a_build_on_a_failing_slow_store_ends_in_the_same_bytes_as_on_a_disk(store: Flaky, tmp_path: Path) -> None:
    corpus = Corpus(tmp_path, 24)
    corpus.make()
    with MockServer() as server:
        configuration = load(corpus.configuration("local", server.url))
        on_disk = plain_build(configuration)
        store.every, store.proxy.delay_s, failed = 40, 0.002, store.failed
        on_store = plain_build(configuration.model_copy(update={"workspace": "s3://bucket/build"}))
    assert store.failed > failed + 2
    assert on_store == on_disk
    assert any("open/" in name for name in on_disk)


def test_a_part_costs_two_requests_in_a_first_build_and_none_in_one_with_nothing_to_do(
    store: Flaky, tmp_path: Path
) -> None:
    corpus = Corpus(tmp_path, 24)
    corpus.make()
    first, asked = [], []
    with MockServer() as server:
        configuration = load(corpus.configuration("idle", server.url))
        for parts in (2, 24):
            stored = configuration.model_copy(update={"workspace": f"s3://bucket/idle{parts}"})
            store.asked = 0
            made = plain_build(stored, batch_clips=24 // parts)
            first.append(store.asked)
            store.asked = 0
            assert plain_build(stored) == made
            asked.append(store.asked)
    files = len(made)  # the helper itself reads those that are published
    assert asked[0] == asked[1] <= 30 + files
    assert first[1] - first[0] <= 2 * (24 - 2)  # it is written, and read once


@pytest.mark.parametrize("content", [None, b"", b"{}", b"x" * 6_000_000])
def test_a_small_file_costs_one_request_whatever_is_in_it(store: Flaky, content: bytes | None) -> None:
    workspace = Workspace(f"s3://bucket/small{len(content or b'-')}")
    if content is not None:
        write_bytes(workspace.url("runs", "a.json"), content)
    store.asked = 0
    assert workspace.read_text("runs", "a.json") == (None if content is None else content.decode())
    assert store.asked <= (1 if content else 2)


def test_a_second_run_is_refused_and_a_dead_ones_lock_is_taken_over(
    store: Flaky, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locks, "RENEWED_EVERY_S", 0.3)
    monkeypatch.setattr(locks, "STALE_AFTER_S", 3.0)
    with lock.only_run("s3://bucket/held"):
        lock._held.clear()  # as another process sees it
        with pytest.raises(DataError, match="in use by another run"), lock.only_run("s3://bucket/held"):
            pass
    assert lock.holder_of("s3://bucket/held") is None
    s3fs.S3FileSystem().pipe_file("bucket/held/.lock.d/x.json", b'{"pid": 1, "host": "gone", "token": "x"}')
    with lock.only_run("s3://bucket/held"):
        assert "gone" not in (lock.holder_of("s3://bucket/held") or "")
    assert lock.holder_of("s3://bucket/held") is None
