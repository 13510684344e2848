"""Judging 10,000 pairs costs what its 1,000 requests cost: against a bare aiohttp loop with the same bodies."""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Iterable
from functools import partial

import aiohttp

from aig.core.qa_id import make_pair
from aig.core.records import QAPair
from aig.generators.chat import ChatRequest
from aig.generators.client.ask import ask
from aig.generators.client.endpoint import request_body
from aig.generators.judging.replies import read_opinions
from aig.generators.judging.requests import judge_requests, second_model
from aig.generators.ledger.ledger import Ledger
from aig.generators.settings import GenerateSettings, JudgeSettings
from aig.prompts.judging import load_judging
from benchmarks.bench_generate import _in_turn, server
from benchmarks.figures import Figure

CLIPS, PAIRS, CONCURRENCY = 1000, 10, 100


def settings(url: str) -> GenerateSettings:
    """Of the judge, at the test server."""
    whole = GenerateSettings(base_url=url, model="mock", concurrency=CONCURRENCY, judge=JudgeSettings(model="judge"))
    assert whole.judge is not None
    return second_model(whole, whole.judge)


def requests(url: str) -> list[ChatRequest]:
    """One for each clip."""
    prompt, judge = load_judging("judge"), settings(url)
    return [judge_requests(f"Speech content: number {clip}.", _pairs(clip), prompt, judge)[0] for clip in range(CLIPS)]


def _pairs(clip: int) -> list[QAPair]:
    return [
        make_pair(
            instruction=f"Why does the speaker of clip {clip} pause after word {number}?",
            input="",
            audio_id=f"x/{clip}",
            dataset="x",
            task="open-ended question",
            output="The pause lets the listener think about what was said, since the voice stays calm and low.",
            prompt="speech@1",
            prompt_sha256="0" * 64,
        )
        for number in range(PAIRS)
    ]


def ours(url: str) -> float:
    """Seconds until the requests are made and answered and all verdicts are read."""
    with tempfile.TemporaryDirectory() as folder, Ledger(folder) as ledger:
        start = time.perf_counter()
        asked = requests(url)
        asyncio.run(ask(asked, ledger, settings(url)))
        read = 0
        for request in asked:
            reply = ledger.get(request.key)
            assert reply is not None
            read += sum(opinion is not None for opinion in read_opinions(reply.content, PAIRS))
        took = time.perf_counter() - start
    assert read == CLIPS * PAIRS
    return took


def bare(url: str) -> float:
    """Seconds of a bare loop for the same bodies."""
    bodies = iter([json.dumps(request_body(request)).encode() for request in requests(url)])
    headers = {"Content-Type": "application/json"}

    async def loop() -> float:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONCURRENCY)) as session:

            async def worker() -> None:
                for body in bodies:
                    async with session.post(f"{url}/chat/completions", data=body, headers=headers) as answer:
                        json.loads(await answer.read())

            start = time.perf_counter()
            await asyncio.gather(*(worker() for _ in range(CONCURRENCY)))
            return time.perf_counter() - start

    return asyncio.run(loop())


def run() -> Iterable[Figure]:
    """The figure."""
    with server() as url:
        bare(url)  # the server's first requests are slower
        us, floor = _in_turn(3, partial(ours, url), partial(bare, url))
        what = f"{CLIPS * PAIRS:,} pairs judged, against bare aiohttp with the same {CLIPS:,} requests"
        yield Figure(what, CLIPS / us, CLIPS / floor, "req/s", floor / us, 0.75)
