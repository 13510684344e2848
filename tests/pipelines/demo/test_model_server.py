"""The demo's model server: its life beside the pipeline with a stand-in engine, and the real model once."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from aig.core.errors import UsageError
from aig.pipelines.demo import weights
from aig.pipelines.demo.model_server import serve

ENGINE = """
import http.server, threading, types

CommonParams = lambda: types.SimpleNamespace(
    model=types.SimpleNamespace(), cpuparams=types.SimpleNamespace(), cpuparams_batch=types.SimpleNamespace()
)


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.path.encode())

    def log_message(self, *args): pass


class Server:
    def __init__(self, params):
        server = http.server.ThreadingHTTPServer((params.hostnames[0], params.port), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.listening_address = f"http://127.0.0.1:{server.server_port}"
"""


@pytest.fixture
def gguf(tmp_path: Path) -> Path:
    file = tmp_path / "Tiny.Q4.gguf"
    file.write_bytes(b"GGUF")
    return file


def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str) -> None:
    """Puts a module in the engine's place, for the server's process too."""
    (tmp_path / "xllamacpp.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)


def answers(url: str) -> bool:
    with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(url, timeout=5):
        return True
    return False


def gone(url: str, within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while answers(url):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_it_answers_inside_the_block_and_is_gone_after_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gguf: Path
) -> None:
    engine(tmp_path, monkeypatch, ENGINE)
    with serve(gguf) as url:
        assert url.startswith("http://127.0.0.1:")
        assert url.endswith("/v1")
        assert answers(url)
    assert not answers(url)


def test_it_is_gone_after_an_error_in_the_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gguf: Path) -> None:
    engine(tmp_path, monkeypatch, ENGINE)
    with pytest.raises(ZeroDivisionError), serve(gguf) as url:
        raise ZeroDivisionError
    assert not answers(url)


def test_it_ends_when_the_pipeline_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gguf: Path) -> None:
    engine(tmp_path, monkeypatch, ENGINE)
    code = (
        "import sys, time; from pathlib import Path; from aig.pipelines.demo.model_server import serve\n"
        "with serve(Path(sys.argv[1])) as url: print(url, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(gguf)], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    url = parent.stdout.readline().strip()
    assert answers(url)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert gone(url)


@pytest.mark.parametrize(
    ("source", "timeout_s", "message", "advice"),
    [
        ("raise RuntimeError('out of luck')", 30.0, "Tiny.Q4.gguf: RuntimeError: out of luck", "whole GGUF file"),
        ("raise ModuleNotFoundError(\"No module named 'xllamacpp'\")", 30.0, "No module named", "[demo]'"),
        ("import time; time.sleep(60)", 1.0, "took longer than 1 s", "memory"),
    ],
)
def test_a_server_that_does_not_start_says_why(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gguf: Path,
    source: str,
    timeout_s: float,
    message: str,
    advice: str,
) -> None:
    engine(tmp_path, monkeypatch, source)
    with pytest.raises(UsageError, match=message) as raised, serve(gguf, timeout_s=timeout_s):
        pytest.fail("it started")
    assert advice in raised.value.advice


def test_a_missing_model_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no model file .*nowhere\.gguf"), serve(tmp_path / "nowhere.gguf"):
        pytest.fail("it started")


SCHEMA = {
    "type": "object",
    "properties": {"q": {"type": "string", "maxLength": 60}, "a": {"type": "string", "maxLength": 60}},
    "required": ["q", "a"],
    "additionalProperties": False,
}


def ask(url: str, what: str) -> dict[str, Any]:
    body = {
        "model": weights.CHAT_MODEL,
        "messages": [{"role": "user", "content": f"Write one question and its answer about {what}, as JSON."}],
        "temperature": 0,
        "seed": 0,
        "max_tokens": 120,
        "response_format": {"type": "json_schema", "json_schema": {"name": "pair", "strict": True, "schema": SCHEMA}},
    }
    request = urllib.request.Request(
        f"{url}/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=600) as answer:
        reply: dict[str, Any] = json.load(answer)
    return reply


@pytest.mark.slow
def test_the_real_model_keeps_to_the_schema_and_answers_the_same_twice() -> None:
    pytest.importorskip("xllamacpp")
    try:
        gguf = weights.chat_model()
    except UsageError as reason:
        if "cannot be reached" in str(reason):
            pytest.skip(str(reason))
        raise
    sounds = ["a dog", "the rain", "a bell"]
    with serve(gguf, parallel=2) as url, ThreadPoolExecutor(2) as threads:
        first = list(threads.map(lambda what: ask(url, what), sounds))
        second = list(threads.map(lambda what: ask(url, what), sounds))
    for reply in first:
        assert reply["model"] == weights.CHAT_MODEL
        assert set(json.loads(reply["choices"][0]["message"]["content"])) == {"q", "a"}
        assert reply["usage"]["completion_tokens"] > 0
    texts = [[reply["choices"][0]["message"]["content"] for reply in replies] for replies in (first, second)]
    assert texts[0] == texts[1]
