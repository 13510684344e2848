"""Answers that are not HTTP, or not whole, are faults of one request."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from aig.generators.client.endpoint import Endpoint, TransportError
from aig.generators.settings import GenerateSettings

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BROKEN = {
    "another protocol": b"ICY 200 OK\r\n\r\nhello",
    "endless headers": b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "not the gzip it says": HEAD + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",
    "cut": HEAD + b"Content-Length: 200\r\n\r\n{}",
    "chunks that are cut": HEAD + b"Transfer-Encoding: chunked\r\n\r\nff\r\n{}",
    "nothing": b"",
}


@contextmanager
def answering(answer: bytes) -> Iterator[str]:
    """A server that gives these bytes to its first caller."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(10)

        def serve() -> None:
            caller, _ = server.accept()
            with caller:
                caller.settimeout(5)
                caller.recv(65_536)
                caller.sendall(answer)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/v1"
        thread.join(10)


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_what_is_not_a_whole_answer_is_a_fault_that_may_pass(answer: bytes) -> None:
    async def call(url: str) -> None:
        settings = GenerateSettings(base_url=url, model="m", timeout_s=10, read_timeout_s=5)
        async with Endpoint(settings) as endpoint:
            await endpoint.chat(b"{}")

    with answering(answer) as url, pytest.raises(TransportError) as caught:
        asyncio.run(call(url))
    assert caught.value.sent
