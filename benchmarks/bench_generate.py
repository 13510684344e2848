"""Asking the model, against the project's own test server with 200 ms latency, the ledger durable.

The reference is a bare aiohttp loop in the same run: it sends the same bodies and reads the replies, and does nothing
else: no retries, no limits, no accounts, nothing kept.
"""

from __future__ import annotations

import asyncio
import bisect
import json
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import aiohttp
import openai

from aig.generators.chat import ChatRequest, Reply
from aig.generators.client import batch, live  # noqa: F401 - imported here, so that no measurement holds their import
from aig.generators.client.ask import ask
from aig.generators.client.endpoint import request_body
from aig.generators.ledger.ledger import Ledger
from aig.generators.settings import GenerateSettings
from benchmarks.figures import Figure, peak_mb

LATENCY_S = 0.2
SYSTEM = "You write questions about audio clips and answer them, as JSON. " * 12


def requests(count: int) -> Iterator[ChatRequest]:
    """Requests of the size of a real one: a system prompt and a metadata sentence."""
    system = {"role": "system", "content": SYSTEM}
    for number in range(count):
        text = f"Sound Events: Sound of Dog (high): [0.1s-0.8s, 5.6s-5.9s]; Description: A dog barks, number {number}."
        yield ChatRequest("mock", (system, {"role": "user", "content": text}), {"max_tokens": 1024})


@contextmanager
def server(**settings: Any) -> Iterator[str]:
    """The test server in a process of its own."""
    command = [sys.executable, "-m", "aig.generators.mock_server", json.dumps({"latency_s": LATENCY_S, **settings})]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().strip()
        finally:
            process.terminate()


def ours(url: str, count: int, concurrency: int, **settings: Any) -> float:
    """Seconds until all replies are in the ledger."""
    with tempfile.TemporaryDirectory() as folder, Ledger(folder) as ledger:
        asked = list(requests(count))
        start = time.perf_counter()
        asyncio.run(
            ask(asked, ledger, GenerateSettings(base_url=url, model="mock", concurrency=concurrency, **settings))
        )
        took = time.perf_counter() - start
        assert len(ledger) == count
    return took


def bare(url: str, count: int, concurrency: int) -> float:
    """Seconds of a bare aiohttp loop for the same requests."""

    async def loop() -> float:
        bodies = iter([json.dumps(request_body(request)).encode() for request in requests(count)])
        headers = {"Content-Type": "application/json"}
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=concurrency)) as session:

            async def worker() -> None:
                for body in bodies:
                    async with session.post(f"{url}/chat/completions", data=body, headers=headers) as answer:
                        json.loads(await answer.read())

            start = time.perf_counter()
            await asyncio.gather(*(worker() for _ in range(concurrency)))
            return time.perf_counter() - start

    return asyncio.run(loop())


def typed(url: str, count: int, concurrency: int) -> float:
    """Seconds of the openai client as its documentation shows it, behind a semaphore."""

    async def loop() -> float:
        bodies = [request_body(request) for request in requests(count)]
        places = asyncio.Semaphore(concurrency)
        async with openai.AsyncOpenAI(base_url=url, api_key="none") as client:

            async def one(body: dict[str, Any]) -> None:
                async with places:
                    await client.chat.completions.create(**body)

            start = time.perf_counter()
            await asyncio.gather(*(one(body) for body in bodies))
            return time.perf_counter() - start

    return asyncio.run(loop())


def _in_turn(rounds: int, *measure: Callable[[], float]) -> list[float]:
    """Medians of measurements taken in turn, so that a busy moment of the machine meets all of them."""
    taken = [[one() for one in measure] for _ in range(rounds)]
    return [statistics.median(column) for column in zip(*taken, strict=True)]


def run() -> Iterable[Figure]:
    """All figures."""
    with server() as url:
        bare(url, 200, 100)  # the server's first requests are slower
        for count, concurrency, rounds, wanted in ((500, 100, 5, 0.75), (5000, 500, 3, 0.5)):
            us, floor = _in_turn(rounds, partial(ours, url, count, concurrency), partial(bare, url, count, concurrency))
            what = f"{count:,} requests at {concurrency}, against bare aiohttp"
            yield Figure(what, count / us, count / floor, "req/s", floor / us, wanted)
        us, plain = _in_turn(1, lambda: ours(url, 2000, 500), lambda: typed(url, 2000, 500))
        yield Figure("2,000 at 500, against chat.completions.create", 2000 / us, 2000 / plain, "req/s", plain / us, 1.0)
    with server(faults={"slow": 0.05}, slow_s=3.0) as url:
        us, floor = _in_turn(3, lambda: ours(url, 500, 100), lambda: bare(url, 500, 100))
        yield Figure("500 at 100, 5 % of replies after 3 s", us, floor, "s", us / floor, 1.15, at_least=False)
    with server(faults={"rate_limited": 0.1}, retry_after_s=1.0) as url:
        us = ours(url, 500, 100)
        yield Figure("500 at 100, 10 % answered 429, Retry-After 1", us, 6.0, "s", us / 6.0, 1.0, at_least=False)
    with server() as url:
        ours(url, 720, 64, requests_per_minute=600)
        used = _fullest_minute(url)
        yield Figure("limit of 600 a minute: fullest minute", used, 600, "req", used / 600, 1.0, at_least=False)
        yield Figure("limit of 600 a minute: used", used, 600, "req", used / 600, 0.95)
        peak = _peak_of_a_million(url)
        yield Figure("1,000,000 requests queued: peak memory", peak, 500, "MB", peak / 500, 1.0, at_least=False)


def _fullest_minute(url: str) -> int:
    """The most requests that reached the server within any sixty seconds."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/mock/requests") as answer:
        times = sorted(at for tries in json.load(answer)["tries"].values() for at in tries)
    return max(bisect.bisect_left(times, at + 60) - index for index, at in enumerate(times))


def _peak_of_a_million(url: str) -> float:
    """Peak memory in MB of a process that finds 999,000 of a million requests answered and asks the rest."""
    program = f"from benchmarks.bench_generate import million; million({url!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return float(done.stdout.split()[-1])


def million(url: str) -> None:
    """Runs in a process of its own; prints its peak memory in MB."""
    count, missing = 1_000_000, 1000
    with tempfile.TemporaryDirectory() as folder:
        with Ledger(folder) as ledger:
            group: list[Reply] = []
            for number, request in enumerate(requests(count - missing)):
                group.append(_made_up(request.key, number))
                if len(group) == 2000:
                    ledger.append(*group)
                    group.clear()
            ledger.append(*group)
        with Ledger(folder) as ledger:
            assert len(ledger) == count - missing
            settings = GenerateSettings(base_url=url, model="mock", concurrency=500)
            summary = asyncio.run(ask(requests(count), ledger, settings))
            assert (summary.answered, summary.cached) == (missing, count - missing)
    print(peak_mb())


def _made_up(key: str, number: int) -> Reply:
    return Reply(
        key=key,
        content="An answer.",
        model="mock",
        request_id=str(number),
        finish_reason="stop",
        input_tokens=100,
        output_tokens=10,
        cost_usd="0",
        answered_at=0.0,
    )
