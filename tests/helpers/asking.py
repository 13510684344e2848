"""What the tests of asking share: requests, a place to look at what the test server saw."""

from __future__ import annotations

import asyncio
import hashlib
import json
import urllib.request
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from aig.generators.chat import ChatRequest, Reply
from aig.generators.client.ask import Summary, ask
from aig.generators.ledger.ledger import Ledger
from aig.generators.settings import GenerateSettings

PRICES = {"mock": {"input": "1", "output": "2"}}
SCHEMA = {"type": "object", "properties": {"q": {"type": "string"}}, "required": ["q"], "additionalProperties": False}


def requests(count: int, *, start: int = 0, max_tokens: int = 200) -> list[ChatRequest]:
    """Different requests, always the same ones."""
    return [
        ChatRequest(
            model="mock",
            messages=(
                {"role": "system", "content": "Write one question about the sound, as JSON."},
                {"role": "user", "content": f"Sound of clip-secret-{number} (rain): [0.1s-{number % 90 / 10}s]"},
            ),
            parameters={"max_tokens": max_tokens},
            schema=SCHEMA,
            dataset="clotho",
            prompt="audio@1",
        )
        for number in range(start, start + count)
    ]


def run(asked: Iterable[ChatRequest], folder: Path | str, url: str, **settings: Any) -> Summary:
    """Asks with a fresh ledger object on `folder`, as a new process would."""
    options = {"max_attempts": 6, "concurrency": 32, **settings}
    with Ledger(str(folder)) as ledger:
        return asyncio.run(ask(asked, ledger, GenerateSettings(base_url=url, **options)))


def work(count: int, folder: str, url: str, concurrency: int) -> None:
    """A whole run, for a process that will be killed; here because this module is quick to import."""
    run(requests(count), folder, url, concurrency=concurrency, prices=PRICES, model="mock")


def seen(url: str) -> dict[str, Any]:
    """What the server saw: `tries` (arrival times) and `answered` (how often) by request."""
    with urllib.request.urlopen(url.removesuffix("/v1") + "/mock/requests") as answer:
        return json.load(answer)


def reply(number: int = 0, content: str = "An answer.", **fields: Any) -> Reply:
    """A made-up reply."""
    values = {
        "key": hashlib.sha256(str(number).encode()).hexdigest(),
        "content": content,
        "model": "mock-1",
        "request_id": f"chatcmpl-{number}",
        "finish_reason": "stop",
        "input_tokens": 10,
        "output_tokens": 20,
        "cost_usd": "0.00005",
        "answered_at": 1.5,
    }
    return Reply(**{**values, **fields})


def rows(folder: Path | str, asked: Iterable[ChatRequest]) -> bytes:
    """All that a published row can depend on, in the requests' order."""
    ledger = Ledger(str(folder))
    lines = []
    for request in asked:
        found = ledger.get(request.key)
        assert found is not None, "a request is not answered"
        lines.append([found.key, found.content, found.model, found.request_id, found.finish_reason, found.cost_usd])
    return json.dumps(lines).encode()
