"""The Batch API: the same ledger, whatever breaks in between, and no request handed in twice."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aig.core.errors import DataError, UsageError
from aig.generators.client import batch
from aig.generators.client.ask import ask
from aig.generators.client.batch_jobs import JobStore, request_of, to_batch_line
from aig.generators.client.endpoint import Endpoint, request_body
from aig.generators.ledger.ledger import Ledger
from aig.generators.mock_server import MockServer, MockSettings
from aig.generators.settings import GenerateSettings
from helpers.asking import PRICES, requests, run, seen

BATCH = {"poll_s": 0.05, "requests_per_file": 40}


def hand_in(count: int, folder: Path, url: str, **settings: Any) -> Any:
    options = {"mode": "batch", "batch": BATCH, "prices": PRICES, "model": "mock", **settings}
    return run(requests(count), folder, url, **options)


def test_batches_fill_the_ledger_at_half_the_price(tmp_path: Path) -> None:
    with MockServer(MockSettings(batch_s=0.2)) as server:
        summary = hand_in(100, tmp_path / "batch", server.url)
        run(requests(100), tmp_path / "live", server.url, prices=PRICES, model="mock")
    assert (summary.sent, summary.answered, summary.failed) == (100, 100, 0)
    by_batch, live = Ledger(str(tmp_path / "batch")), Ledger(str(tmp_path / "live"))
    assert by_batch.paid_usd == live.paid_usd / 2 > 0
    for request in requests(100):
        one, other = by_batch.get(request.key), live.get(request.key)
        assert one is not None
        assert other is not None
        assert (one.content, one.mode, other.mode) == (other.content, "batch", "live")
        assert (one.dataset, one.prompt) == (request.dataset, request.prompt)


def test_files_keep_within_the_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[tuple[int, int]] = []
    upload = Endpoint.upload

    async def watched(self: Endpoint, content: bytes) -> str:
        sizes.append((content.count(b"\n"), len(content)))
        return await upload(self, content)

    monkeypatch.setattr(Endpoint, "upload", watched)
    with MockServer(MockSettings(batch_s=0.1)) as server:
        hand_in(60, tmp_path / "a", server.url, batch={"poll_s": 0.05, "requests_per_file": 25})
        hand_in(60, tmp_path / "b", server.url, batch={"poll_s": 0.05, "bytes_per_file": 8000})
    assert [lines for lines, _ in sizes[:3]] == [25, 25, 10]
    assert all(size <= 8000 for _, size in sizes[3:])
    assert sum(lines for lines, _ in sizes[3:]) == 60


def test_expired_and_failed_requests_are_handed_in_again(tmp_path: Path) -> None:
    with MockServer(MockSettings(batch_s=0.1, batch_expired=0.3, batch_failed=0.2, seed=3)) as server:
        summary = hand_in(80, tmp_path, server.url, max_attempts=20)
        assert summary.sent > 100
        assert set(seen(server.url)["answered"].values()) == {1}
    assert summary.answered == 80
    assert JobStore(str(tmp_path)).load() == []


def test_a_request_that_never_succeeds_is_given_up(tmp_path: Path) -> None:
    with MockServer(MockSettings(batch_s=0.05, batch_failed=1.0)) as server:
        summary = hand_in(10, tmp_path, server.url, max_attempts=2)
    assert (summary.answered, summary.failed, summary.sent) == (0, 10, 20)
    assert summary.failures[0].error == "no_reply"


def test_a_full_queue_is_waited_for_and_a_batch_too_large_is_halved(tmp_path: Path) -> None:
    with MockServer(MockSettings(batch_s=0.1, batch_tokens=900)) as server:
        summary = hand_in(100, tmp_path, server.url)
        assert set(seen(server.url)["answered"].values()) == {1}
    assert summary.answered == 100
    with (
        MockServer(MockSettings(batch_tokens=1)) as server,
        pytest.raises(DataError, match="refused a batch of 1 requests"),
    ):
        hand_in(4, tmp_path / "never", server.url)


class Broken(BaseException):
    """Stands for the end of the process: nothing in the code may catch it."""


STEPS = ["upload", "create_batch", "batch", "download"]


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_run_broken_at_any_step_continues_without_paying_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    """The process ends before or after each kind of call, at each of the first three calls of that kind."""
    genuine = getattr(Endpoint, step)
    for nth in range(1, 4):
        calls = 0

        async def breaking(self: Endpoint, *arguments: Any, nth: int = nth) -> Any:
            nonlocal calls
            calls += 1
            if calls == nth and not after:
                raise Broken
            result = await genuine(self, *arguments)
            if calls == nth:
                raise Broken
            return result

        with MockServer(MockSettings(batch_s=0.1, batch_expired=0.1, seed=nth)) as server:
            monkeypatch.setattr(Endpoint, step, breaking)
            with pytest.raises(Broken):
                hand_in(100, tmp_path / str(nth), server.url, batch={**BATCH, "batches_in_flight": 3})
            monkeypatch.setattr(Endpoint, step, genuine)
            hand_in(100, tmp_path / str(nth), server.url)
            answered = seen(server.url)["answered"]
        assert len(answered) == 100
        assert set(answered.values()) == {1}
        assert len(Ledger(str(tmp_path / str(nth)))) == 100
        assert JobStore(str(tmp_path / str(nth))).load() == []


def test_switching_to_live_keeps_what_a_batch_has_done_and_asks_the_rest(tmp_path: Path) -> None:
    asked = requests(120)

    async def left_waiting(url: str, ledger: Ledger) -> None:
        settings = GenerateSettings(base_url=url, mode="batch", batch=BATCH, prices=PRICES, model="mock")
        task = asyncio.create_task(ask(asked, ledger, settings))
        while len(JobStore(ledger.url).load()) < 3 or not all(job.batch for job in JobStore(ledger.url).load()):
            await asyncio.sleep(0.02)
        await asyncio.sleep(0.5)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with MockServer(MockSettings(batch_s=2)) as server:
        with Ledger(str(tmp_path)) as ledger:
            asyncio.run(left_waiting(server.url, ledger))
        assert len(Ledger(str(tmp_path))) == 0
        run(asked, tmp_path, server.url, prices=PRICES, model="mock", batch=BATCH)
        assert set(seen(server.url)["answered"].values()) == {1}
        hand_in(120, tmp_path, server.url)
        assert set(seen(server.url)["answered"].values()) == {1}
    ledger = Ledger(str(tmp_path))
    modes = [reply.mode for request in asked if (reply := ledger.get(request.key))]
    assert len(modes) == 120
    assert set(modes) == {"batch", "live"}


def test_budget_counts_batches_in_work(tmp_path: Path) -> None:
    limit = Decimal("0.01")
    with MockServer(MockSettings(batch_s=0.1)) as server:
        with pytest.raises(DataError, match=r"budget of \$0.01 is reached"):
            hand_in(800, tmp_path, server.url, max_cost_usd=limit)
        done = len(Ledger(str(tmp_path)))
        assert sum(seen(server.url)["answered"].values()) == done
    assert limit * Decimal("0.9") < Ledger(str(tmp_path)).cost_usd <= limit


def test_what_a_provider_says_against_batches_is_passed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong")
    with (
        MockServer(MockSettings(api_key="right")) as server,
        pytest.raises(UsageError, match="does not accept the key"),
    ):
        hand_in(3, tmp_path / "key", server.url)
    monkeypatch.setattr(batch, "to_batch_line", lambda key, body: to_batch_line("same", body))
    with MockServer() as server, pytest.raises(DataError, match="duplicate_custom_id"):
        hand_in(3, tmp_path / "same", server.url)


def test_a_line_gives_its_request_back() -> None:
    request = requests(1)[0]
    back = request_of(to_batch_line(request.key, request_body(request)), (request.dataset, request.prompt))
    assert back.key == request.key
    assert request_body(back) == request_body(request)
