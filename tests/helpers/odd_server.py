"""A chat server that answers as a test says, by live requests and by batch."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Said = tuple[int, Any, dict[str, str]]
PAIRS = json.dumps(
    {
        "pairs": [
            {"q": "What animal can be heard?", "a": "A dog barks several times close to the microphone."},
            {"q": "Where might this be?", "a": "Probably outdoors, because there is little echo and some wind."},
        ]
    }
)


def completion(content: Any = PAIRS, finish: Any = "stop", *, usage: Any = ..., **message: Any) -> dict[str, Any]:
    """A chat completion; further arguments are fields of its message."""
    body: dict[str, Any] = {
        "id": "chatcmpl-1",
        "model": "odd-1",
        "choices": [
            {"index": 0, "message": {"role": "assistant", "content": content, **message}, "finish_reason": finish}
        ],
    }
    if usage is not None:
        body["usage"] = {"prompt_tokens": 100, "completion_tokens": 50} if usage is ... else usage
    return body


def good() -> Said:
    return 200, completion(), {}


class OddServer(ThreadingHTTPServer):
    """Answers by `answer` (request number from 1, whether the request is about the odd clip).

    Attributes:
        asked: how many chat requests came.
        outcome: from a request's line number, its name and whether it is odd to a line of a batch's outcome.
        batch_status: what a batch ends with; without files unless `completed`.
        batches: how many batches were handed in.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_port}/v1"
        self.lock = threading.Lock()
        self.reset()

    def reset(self, answer: Callable[[int, bool], Said] | None = None) -> OddServer:
        self.asked, self.batches = 0, 0
        self.answer = answer or (lambda _, __: good())
        self.outcome: Callable[[str, bool], str] = lambda name, _: outcome(name)
        self.batch_status = "completed"
        self.files: dict[str, bytes] = {}
        self.known: dict[str, dict[str, Any]] = {}
        return self


def outcome(name: str, status: Any = 200, body: Any = ..., **more: Any) -> str:
    """A line of a batch's outcome."""
    response = {"status_code": status, "body": completion() if body is ... else body}
    return json.dumps({"id": "r", "custom_id": name, "response": response, "error": None} | more)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: OddServer

    def log_message(self, *_: object) -> None:
        pass

    def send(self, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        if self.path.endswith("/chat/completions"):
            with server.lock:
                server.asked += 1
                number = server.asked
            self.send(*server.answer(number, b"-odd" in raw))
        elif self.path.endswith("/files"):
            found = re.search(rb'\r\n\r\n(\{"custom_id.*?)\r\n--', raw, re.DOTALL)
            assert found is not None
            name = f"file-{len(server.files)}"
            server.files[name] = found[1]
            self.send(
                200, {"id": name, "object": "file", "bytes": 1, "created_at": 1, "filename": "x", "purpose": "batch"}
            )
        elif self.path.endswith("/batches"):
            self.send(200, self._batch(json.loads(raw)))
        else:
            self.send(200, self._shown(self.path.split("/")[-2]))

    def _batch(self, asked: dict[str, Any]) -> dict[str, Any]:
        server = self.server
        server.batches += 1
        requests = server.files[asked["input_file_id"]].splitlines()
        lines = [server.outcome(json.loads(line)["custom_id"], b"-odd" in line) for line in requests]
        name, output = f"batch-{server.batches}", f"out-{server.batches}"
        server.files[output] = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape")
        server.known[name] = {
            "id": name,
            "object": "batch",
            "endpoint": "/v1/chat/completions",
            "input_file_id": asked["input_file_id"],
            "completion_window": "24h",
            "created_at": int(time.time()),
            "metadata": asked["metadata"],
            "status": server.batch_status,
            "output_file_id": output if server.batch_status == "completed" else None,
        }
        return self._shown(name) | {"status": "validating"}

    def _shown(self, name: str) -> dict[str, Any]:
        return self.server.known[name]

    def do_GET(self) -> None:
        path = self.path.partition("?")[0]
        name = path.split("/")[-2] if path.endswith("/content") else path.split("/")[-1]
        if path.endswith("/content") and name in self.server.files:
            self.send(200, self.server.files[name])
        elif path.endswith("/batches"):
            self.send(200, {"object": "list", "data": list(self.server.known.values()), "has_more": False})
        elif name in self.server.known:
            self.send(200, self._shown(name))
        else:
            self.send(404, {"error": {"message": f"no {name}"}})


@contextmanager
def odd_server() -> Iterator[OddServer]:
    """A server that runs during the block."""
    server = OddServer()
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
