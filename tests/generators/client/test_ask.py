"""Asking: each request is paid once, within limits and budget, and whatever goes wrong is said so that one can act."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import multiprocessing
import socket
import time
from decimal import Decimal
from pathlib import Path

import pytest

from aig.core.errors import DataError, UsageError
from aig.core.locks import Holding, only_holder
from aig.generators.client.ask import Summary, ask
from aig.generators.ledger.ledger import Ledger
from aig.generators.mock_server import FAULTS, MockServer, MockSettings
from aig.generators.settings import GenerateSettings
from helpers.asking import PRICES, requests, rows, run, seen

STOPPING = {"quota"}
FAILING = {"bad_request"}


def test_everything_is_asked_once_and_then_never_again(tmp_path: Path) -> None:
    asked = requests(120)
    with MockServer(MockSettings(latency_s=0.01)) as server:
        first = run([*asked, *asked[:30]], tmp_path, server.url)
        assert (first.sent, first.answered, first.cached, first.failed) == (120, 120, 30, 0)
        again = run(asked, tmp_path, server.url)
        assert (again.sent, again.answered, again.cached) == (0, 0, 120)
        more = run(requests(130), tmp_path, server.url)
        assert (more.sent, more.cached) == (10, 120)
        assert set(seen(server.url)["answered"].values()) == {1}
    reply = Ledger(str(tmp_path)).get(asked[3].key)
    assert reply is not None
    assert json.loads(reply.content)["q"]
    assert (reply.dataset, reply.prompt, reply.mode, reply.finish_reason) == ("clotho", "audio@1", "live", "stop")
    assert json.loads(reply.raw)["system_fingerprint"] == "fp_mock"


@pytest.mark.parametrize("fault", sorted(FAULTS.keys() - STOPPING - FAILING))
def test_every_passing_fault_is_overcome(tmp_path: Path, fault: str) -> None:
    asked = requests(60)
    settings = MockSettings(latency_s=0.005, faults={fault: 0.25}, fault_tries=2, retry_after_s=0.1, slow_s=0.3, seed=5)
    with MockServer(settings) as server, MockServer(MockSettings(seed=5)) as calm:
        summary = run(asked, tmp_path / "faulty", server.url)
        run(asked, tmp_path / "calm", calm.url)
        answered = seen(server.url)["answered"]
    assert (summary.answered, summary.failed) == (60, 0)
    if fault == "truncated":
        cut = [Ledger(str(tmp_path / "faulty")).get(request.key) for request in asked]
        assert {reply.finish_reason for reply in cut if reply} == {"stop", "length"}
    else:
        assert rows(tmp_path / "faulty", asked) == rows(tmp_path / "calm", asked)
    if fault not in {"slow", "slow_drip", "truncated"}:
        assert summary.sent > 60, "the fault did occur"
    if fault not in {"dropped", "half_body"}:
        assert set(answered.values()) == {1}


def test_retry_after_is_obeyed_and_holds_up_nobody_else(tmp_path: Path) -> None:
    with MockServer(
        MockSettings(latency_s=0.02, faults={"rate_limited": 0.1}, fault_tries=1, retry_after_s=1.5)
    ) as server:
        start = time.monotonic()
        summary = run(requests(200), tmp_path, server.url)
        took = time.monotonic() - start
        tries = seen(server.url)["tries"].values()
    gaps = [later - sooner for times in tries for sooner, later in itertools.pairwise(times)]
    assert summary.answered == 200
    assert gaps
    assert min(gaps) >= 1.5
    assert took < 15, "one after another, the twenty that were told to wait take thirty seconds"


@pytest.mark.parametrize(
    ("fault", "times"), [("slow", {"read_timeout_s": 0.3}), ("slow_drip", {"timeout_s": 0.5})], ids=["read", "whole"]
)
def test_a_reply_that_takes_too_long_is_asked_again(tmp_path: Path, fault: str, times: dict[str, float]) -> None:
    with MockServer(MockSettings(faults={fault: 0.3}, fault_tries=1, slow_s=20)) as server:
        start = time.monotonic()
        summary = run(requests(40), tmp_path, server.url, **times)
        assert time.monotonic() - start < 10
    assert summary.answered == 40
    assert summary.sent > 40


def test_one_bad_request_fails_alone(tmp_path: Path) -> None:
    with MockServer(MockSettings(faults={"bad_request": 0.1}, seed=2)) as server:
        summary = run(requests(100), tmp_path, server.url)
        assert summary.answered + summary.failed == 100
        assert summary.failed > 0
        failure = summary.failures[0]
        assert (failure.error, failure.message, failure.dataset) == ("invalid_value", "Invalid value.", "clotho")
        assert summary.sent == 100, "a bad request is not repeated"


def test_a_server_that_refuses_everything_stops_the_run(tmp_path: Path) -> None:
    with MockServer(MockSettings(faults={"bad_request": 1.0})) as server, pytest.raises(UsageError, match="refused 20"):
        run(requests(500), tmp_path, server.url)


def test_an_outage_stops_the_run_after_a_while(tmp_path: Path) -> None:
    with MockServer(MockSettings(faults={"unavailable": 1.0}, retry_after_s=0.05)) as server:
        with pytest.raises(DataError, match="answered no request for 1 s; the last fault: status 503"):
            run(requests(500), tmp_path, server.url, outage_s=1, max_attempts=100)
        assert sum(len(times) for times in seen(server.url)["tries"].values()) < 300, "the breaker held requests back"


def test_quota_used_up_stops_the_run_and_keeps_what_was_paid(tmp_path: Path) -> None:
    with MockServer(MockSettings(latency_s=0.01, quota_requests=50)) as server:
        with pytest.raises(DataError, match="quota is used up"):
            run(requests(300), tmp_path, server.url)
        assert len(Ledger(str(tmp_path))) == 50


def test_a_wrong_key_an_unknown_model_and_no_server_are_said_plainly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-wrong-0123456789")
    with MockServer(MockSettings(api_key="sk-right")) as server, pytest.raises(UsageError) as wrong:
        run(requests(50), tmp_path, server.url)
    assert "OPENAI_API_KEY" in wrong.value.advice
    assert "sk-wrong" not in str(wrong.value)
    with (
        MockServer(MockSettings(models=("other",))) as server,
        pytest.raises(UsageError, match="knows no model 'mock'"),
    ):
        run(requests(50), tmp_path, server.url)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(UsageError, match="cannot reach http://127") as refused:
            run(requests(50), tmp_path, url)
    assert "generate.base_url" in refused.value.advice


def test_without_a_key_nothing_leaves_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    for url, settings in (
        (None, {"model": "gpt-4o"}),
        ("https://models.example/v1", {"prices": PRICES, "model": "mock"}),
    ):
        with pytest.raises(UsageError, match="OPENAI_API_KEY is not set"):
            run(requests(1), tmp_path, url, **settings)
    monkeypatch.setenv("OTHER_KEY", "x")
    with pytest.raises(UsageError, match="no price is known"):
        run(requests(1), tmp_path, "https://models.example/v1", api_key_env="OTHER_KEY", model="unpriced")


def test_what_is_answered_needs_no_key_price_or_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    asked = requests(20)
    with MockServer() as server:
        run(asked, tmp_path, server.url)
    again = run(asked, tmp_path, "https://models.example/v1", model="unpriced", max_cost_usd=0)
    assert (again.cached, again.sent) == (20, 0)


@pytest.mark.parametrize("seed", range(3))
def test_budget_holds_with_100_in_flight_and_losses(tmp_path: Path, seed: int) -> None:
    """The server's own account of tokens is the judge; a lost reply counts as paid in full."""
    limit = Decimal("0.02")
    faults = {"half_body": 0.05, "dropped": 0.05}
    with MockServer(MockSettings(latency_s=0.02, latency_sigma=0.5, faults=faults, seed=seed)) as server:
        with pytest.raises(
            DataError, match=r"budget of \$0.02 is reached: \$0.0\d+ spent, [\d,]+ requests left"
        ) as stop:
            run(requests(2000), tmp_path, server.url, max_cost_usd=limit, concurrency=100, prices=PRICES, model="mock")
        answered = seen(server.url)["answered"]
        ledger = Ledger(str(tmp_path))
        each = max(Decimal(ledger.get(r.key).cost_usd) for r in requests(2000) if r.key in ledger)
        assert sum(answered.values()) * each <= limit
        assert ledger.cost_usd <= limit
        assert ledger.cost_usd > limit * Decimal("0.9"), "the budget is used"
        assert "set generate.max_cost_usd to" in stop.value.advice
        with pytest.raises(DataError, match="budget"):  # the same call again: nothing more is sent
            run(requests(2000), tmp_path, server.url, max_cost_usd=limit, prices=PRICES, model="mock")
        assert seen(server.url)["answered"] == answered


def test_a_request_without_a_limit_is_not_sent_on_a_budget(tmp_path: Path) -> None:
    asked = [r for r in requests(3) if r.parameters.pop("max_tokens")]  # type: ignore[attr-defined]
    with MockServer() as server, pytest.raises(UsageError, match="sets no max_tokens"):
        run(asked, tmp_path, server.url, max_cost_usd=1)


def test_no_key_header_or_prompt_in_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-key")
    caplog.set_level(logging.INFO)  # a level below the default
    faults = {name: 0.08 for name in FAULTS if name not in STOPPING}
    with MockServer(
        MockSettings(faults=faults, fault_tries=1, api_key="sk-secret-key", retry_after_s=0.1, slow_s=0.2)
    ) as server:
        run(requests(100), tmp_path, server.url)
    assert caplog.records
    written = caplog.text + "".join(path.read_text() for path in tmp_path.rglob("*") if path.is_file())
    assert "sk-secret" not in written
    assert "Bearer" not in written
    assert "clip-secret" not in caplog.text


def test_interrupted_run_keeps_what_was_on_the_wire(tmp_path: Path) -> None:
    asked = requests(400)

    async def interrupted(url: str) -> None:
        task = asyncio.create_task(ask(asked, ledger, GenerateSettings(base_url=url, concurrency=40)))
        while len(ledger) < 60:
            await asyncio.sleep(0.01)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with MockServer(MockSettings(latency_s=0.1)) as server:
        with Ledger(str(tmp_path)) as ledger:
            asyncio.run(interrupted(server.url))
        assert len(Ledger(str(tmp_path))) == sum(seen(server.url)["answered"].values()) < 400
        run(asked, tmp_path, server.url)
        assert set(seen(server.url)["answered"].values()) == {1}


def _hold(url: str, held: object, done: object) -> None:
    with only_holder(f"{url}/.lock", "the ledger", ""):
        held.set()  # type: ignore[attr-defined]
        done.wait()  # type: ignore[attr-defined]


def test_a_second_run_on_the_same_requests_is_refused(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    other = context.Process(target=_hold, args=(str(tmp_path), held, done))
    other.start()
    assert held.wait(30)
    try:
        with MockServer() as server, pytest.raises(DataError, match=f"process {other.pid} on "):
            run(requests(5), tmp_path, server.url)
    finally:
        done.set()
        other.join()


def test_a_run_that_lost_its_lease_sends_nothing_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answered = []
    with MockServer() as server:
        monkeypatch.setattr(Holding, "lost", property(lambda _: len(answered) > 2))
        monkeypatch.setattr(Summary, "count", lambda self, reply: answered.append(reply))
        with pytest.raises(DataError, match="another run may hold it by now"):
            run(requests(50), tmp_path, server.url, concurrency=1)
        assert sum(seen(server.url)["answered"].values()) == len(answered) == 3


def test_progress_is_told_and_ends_with_the_final_figures(tmp_path: Path) -> None:
    told: list[int] = []
    with MockServer(MockSettings(latency_s=0.05)) as server, Ledger(str(tmp_path)) as ledger:
        settings = GenerateSettings(base_url=server.url, concurrency=10)
        asyncio.run(ask(requests(100), ledger, settings, lambda summary: told.append(summary.answered)))
    assert told[-1] == 100
    assert len(told) > 2


def test_a_shared_limit_is_asked_before_each_request(tmp_path: Path) -> None:
    tokens: list[int] = []

    async def shared(count: int) -> None:
        tokens.append(count)

    with MockServer() as server, Ledger(str(tmp_path)) as ledger:
        asyncio.run(ask(requests(20), ledger, GenerateSettings(base_url=server.url), shared_limit=shared))
    assert len(tokens) == 20
    assert min(tokens) > 200


def test_an_object_store_holds_the_ledger(tmp_path: Path) -> None:
    url = f"memory://store-{time.time_ns()}/responses"
    asked = requests(80)
    with MockServer(MockSettings(latency_s=0.01)) as server:
        assert run(asked, url, server.url).answered == 80
        assert run(asked, url, server.url).cached == 80
        run(asked, tmp_path, server.url)
    assert rows(url, asked) == rows(tmp_path, asked)
