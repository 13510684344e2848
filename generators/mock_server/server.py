"""The test server itself: routes, faults, and a thread to run in."""

from __future__ import annotations

import asyncio
import json
import math
import random
import threading
import time
import uuid
from collections import defaultdict
from pathlib import Path
from typing import Any

from aiohttp import BodyPartReader, web

from aig.core.temporary import temporary_folder
from aig.generators.mock_server import replies
from aig.generators.mock_server.batches import Batches, UnknownError
from aig.generators.mock_server.limits import Window
from aig.generators.mock_server.settings import MockSettings

__all__ = ["MockServer", "application"]

_DRIP_PIECES = 20
_MOST_BYTES = 1 << 28


class _Server:
    """State and handlers of one server."""

    def __init__(self, settings: MockSettings, folder: Path) -> None:
        self.settings = settings
        self.batches = Batches(settings, folder)
        self._folder = folder
        self._windows = (
            Window("requests", settings.requests_per_minute),
            Window("tokens", settings.tokens_per_minute),
        )
        self._tries: defaultdict[str, list[float]] = defaultdict(list)
        self._answered: defaultdict[str, int] = defaultdict(int)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        """`POST /v1/chat/completions`."""
        raw = await request.read()
        try:
            body = json.loads(raw)
            name = replies.identity(body)
        except ValueError:
            return _error(400, "We could not parse the JSON body of your request.", "invalid_request_error", None)
        if self.settings.models and body.get("model") not in self.settings.models:
            message = f"The model {body.get('model')!r} does not exist or you do not have access to it."
            return _error(404, message, "invalid_request_error", "model_not_found")
        tries = self._tries[name]
        fault, latency = self._fate(name, len(tries))
        tries.append(time.monotonic())
        limited = self._limited(body)
        if limited is not None:
            return limited
        if latency > 0:
            await asyncio.sleep(latency)
        failed = self._failed(fault)
        if failed is not None:
            return failed
        try:
            reply = replies.completion(
                body, seed=self.settings.seed, pairs=self.settings.pairs, cut=fault == "truncated"
            )
        except replies.BadRequestError as error:
            return _error(400, error.message, "invalid_request_error", None, error.param)
        if self._out_of_quota():
            return _quota()
        self._answered[name] += 1
        return await self._send(request, json.dumps(reply).encode(), fault)

    def _fate(self, name: str, tries: int) -> tuple[str | None, float]:
        """The fault, if any, and the latency of the next try of a request."""
        settings = self.settings
        if not settings.faults and not settings.latency_sigma:
            return None, settings.latency_s
        draw = random.Random(f"{settings.seed}/{name}/{tries}")
        chance = draw.random()
        latency = settings.latency_s * math.exp(draw.gauss(0, settings.latency_sigma))
        if settings.fault_tries and tries >= settings.fault_tries:
            return None, latency
        for fault, share in settings.faults.items():
            if chance < share:
                return fault, settings.slow_s if fault == "slow" else latency
            chance -= share
        return None, latency

    def _limited(self, body: dict[str, Any]) -> web.Response | None:
        requests, tokens = self._windows
        if requests.limit is None and tokens.limit is None:
            return None
        wanted = int(body.get("max_completion_tokens", body.get("max_tokens", 16)))
        wanted += replies.input_tokens(body)
        wait_s = requests.wait_s(1) or tokens.wait_s(wanted)
        return self._too_many(wait_s) if wait_s else None

    def _too_many(self, wait_s: float) -> web.Response:
        response = _error(429, "Rate limit reached for requests per min.", "requests", "rate_limit_exceeded")
        response.headers["Retry-After"] = str(math.ceil(wait_s)) if wait_s > 2 else f"{wait_s:g}"
        self._state(response)
        return response

    def _state(self, response: web.StreamResponse) -> None:
        for window in self._windows:
            response.headers.update(window.headers())

    def _failed(self, fault: str | None) -> web.Response | None:
        """The answer of a fault that shows in the status."""
        if fault == "rate_limited":
            return self._too_many(self.settings.retry_after_s)
        if fault == "quota":
            return _quota()
        if fault == "server_error":
            return _error(500, "The server had an error while processing your request.", "server_error", None)
        if fault == "unavailable":
            response = _error(503, "The engine is currently overloaded.", "service_unavailable", None)
            response.headers["Retry-After"] = f"{self.settings.retry_after_s:g}"
            return response
        if fault == "bad_request":
            return _error(400, "Invalid value.", "invalid_request_error", "invalid_value")
        if fault == "wrong_type":
            return web.Response(
                text="<html><body>Bad gateway page with status 200</body></html>", content_type="text/html"
            )
        if fault == "malformed":
            return web.Response(body=b'{"id": "chatcmpl-1", "choices": [{"mess', content_type="application/json")
        return None

    def _out_of_quota(self) -> bool:
        limit = self.settings.quota_requests
        return limit is not None and sum(self._answered.values()) >= limit

    async def _send(self, request: web.Request, content: bytes, fault: str | None) -> web.StreamResponse:
        headers = {"x-request-id": f"req_{uuid.uuid4().hex}", "openai-processing-ms": "1"}
        if fault not in {"dropped", "half_body", "slow_drip"}:
            response = web.Response(body=content, content_type="application/json", headers=headers)
            self._state(response)
            return response
        assert request.transport is not None
        stream = web.StreamResponse(headers=headers | {"Content-Type": "application/json"})
        stream.content_length = len(content)
        if fault == "slow_drip":
            await stream.prepare(request)
            step = max(1, len(content) // _DRIP_PIECES)
            for start in range(0, len(content), step):
                await stream.write(content[start : start + step])
                await asyncio.sleep(self.settings.slow_s / _DRIP_PIECES)
            return stream
        if fault == "half_body":
            await stream.prepare(request)
            await stream.write(content[: len(content) // 2])
            await asyncio.sleep(0.01)
        request.transport.close()
        return stream

    async def models(self, _: web.Request) -> web.Response:
        """`GET /v1/models`."""
        names = self.settings.models or ("mock",)
        models = [{"id": name, "object": "model", "created": 0, "owned_by": "mock"} for name in names]
        return web.json_response({"object": "list", "data": models})

    async def upload(self, request: web.Request) -> web.Response:
        """`POST /v1/files`."""
        purpose, filename = "", ""
        path = self._folder / f"{uuid.uuid4().hex}.new"
        async for part in await request.multipart():
            assert isinstance(part, BodyPartReader)
            if part.name == "purpose":
                purpose = await part.text()
            elif part.name == "file":
                filename = part.filename or ""
                with path.open("wb") as stream:
                    while chunk := await part.read_chunk(1 << 20):
                        stream.write(chunk)
        if purpose != "batch" or not path.exists():
            return _error(400, "A file with purpose 'batch' is needed.", "invalid_request_error", None)
        return web.json_response(self.batches.add_file(path, filename, purpose))

    async def file(self, request: web.Request) -> web.StreamResponse:
        """`GET` and `DELETE /v1/files/{name}`, `GET /v1/files/{name}/content`."""
        name = request.match_info["name"]
        if request.path.endswith("/content"):
            return web.FileResponse(self.batches.content(name), headers={"Content-Type": "application/octet-stream"})
        return web.json_response(self.batches.delete(name) if request.method == "DELETE" else self.batches.file(name))

    async def create_batch(self, request: web.Request) -> web.Response:
        """`POST /v1/batches`."""
        try:
            return web.json_response(self.batches.create(await request.json()))
        except replies.BadRequestError as error:
            return _error(400, error.message, "invalid_request_error", None, error.param)

    async def list_batches(self, request: web.Request) -> web.Response:
        """`GET /v1/batches`."""
        return web.json_response(self.batches.page(request.query.get("after"), int(request.query.get("limit", "20"))))

    async def batch(self, request: web.Request) -> web.Response:
        """`GET /v1/batches/{name}` and `POST /v1/batches/{name}/cancel`."""
        name = request.match_info["name"]
        cancel = request.path.endswith("/cancel")
        return web.json_response(self.batches.cancel(name) if cancel else self.batches.show(name))

    async def requests(self, _: web.Request) -> web.Response:
        """`GET /mock/requests`: what was asked how often, and when, for tests."""
        answered = defaultdict(int, self._answered)
        for name in self.batches.answered:
            answered[name] += 1
        return web.json_response({"tries": self._tries, "answered": answered})

    @web.middleware
    async def guard(self, request: web.Request, handler: Any) -> web.StreamResponse:
        """Checks the key, and turns unknown names into status 404."""
        key = self.settings.api_key
        if key is not None and request.headers.get("Authorization") != f"Bearer {key}":
            given = request.headers.get("Authorization", "").removeprefix("Bearer ")
            return _error(401, f"Incorrect API key provided: {given}.", "invalid_request_error", "invalid_api_key")
        try:
            answer: web.StreamResponse = await handler(request)
        except UnknownError as error:
            return _error(404, str(error), "invalid_request_error", None)
        return answer


def _error(status: int, message: str, kind: str, code: str | None, param: str | None = None) -> web.Response:
    error = {"message": message, "type": kind, "param": param, "code": code}
    return web.json_response({"error": error}, status=status)


def _quota() -> web.Response:
    message = "You exceeded your current quota, please check your plan and billing details."
    return _error(429, message, "insufficient_quota", "insufficient_quota")


def application(settings: MockSettings, folder: Path) -> web.Application:
    """The server as an aiohttp application; uploaded files lie in `folder`."""
    server = _Server(settings, folder)
    app = web.Application(middlewares=[server.guard], client_max_size=_MOST_BYTES)
    app.add_routes(
        [
            web.post("/v1/chat/completions", server.chat),
            web.get("/v1/models", server.models),
            web.post("/v1/files", server.upload),
            web.get("/v1/files/{name}", server.file),
            web.delete("/v1/files/{name}", server.file),
            web.get("/v1/files/{name}/content", server.file),
            web.post("/v1/batches", server.create_batch),
            web.get("/v1/batches", server.list_batches),
            web.get("/v1/batches/{name}", server.batch),
            web.post("/v1/batches/{name}/cancel", server.batch),
            web.get("/mock/requests", server.requests),
        ]
    )
    return app


class MockServer:
    """A server in its own thread. Use as a context manager.

    Attributes:
        url: base URL for clients, ending in `/v1`.
    """

    def __init__(self, settings: MockSettings | None = None, *, host: str = "127.0.0.1", port: int = 0) -> None:
        """`port` 0 takes any that is free."""
        self._settings = settings or MockSettings()
        self._host, self._port = host, port
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self.url = ""

    def __enter__(self) -> MockServer:
        self._folder = temporary_folder("mock-server")
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        return self

    async def _start(self) -> None:
        app = application(self._settings, Path(self._folder.name))
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port, backlog=4096)
        await site.start()
        port = self._runner.addresses[0][1]
        self.url = f"http://{self._host}:{port}/v1"

    def __exit__(self, *exception: object) -> None:
        asyncio.run_coroutine_threadsafe(self._runner.cleanup(), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._folder.cleanup()
