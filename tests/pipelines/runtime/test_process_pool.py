"""Worker processes by themselves: what they import, what they log, what they raise, how they end."""

from __future__ import annotations

import contextvars
import importlib
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from aig.pipelines.runtime import process_pool, worker_logs
from aig.pipelines.runtime.process_pool import ProcessPool

pytestmark = [pytest.mark.slow]

run_of = contextvars.ContextVar("run_of", default="nobody")


class Odd(Exception):
    """One whose pickle cannot be read: the class wants two arguments."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code}: {reason}")


def loaded() -> list[str]:
    importlib.import_module("aig.pipelines.batch_work")
    return [name for name in ("prefect", "pandas", "openai", "torch") if name in sys.modules]


def say(text: str) -> None:
    log = logging.getLogger("aig.extractors.some")
    log.info("a line a batch")
    log.warning("%s, said by %d", text, os.getpid())


def fail(how: str) -> None:
    raise Odd(7, "odd") if how == "odd" else ValueError(how)


def wait(seconds: float) -> None:
    time.sleep(seconds)


def speak_for_ever() -> None:
    while True:
        logging.getLogger("aig").warning("still here %s", "." * 10_000)


@pytest.fixture(params=["forked", "spawned"])
def start(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers as on Linux, and as on macOS."""
    monkeypatch.setattr(process_pool, "_FORKS", request.param == "forked")


@pytest.fixture
def pool(start: None, tmp_path: Path) -> Iterator[ProcessPool]:
    made = ProcessPool(2, tmp_path)
    yield made
    made.close()


def test_a_worker_loads_nothing_that_a_batch_does_not_need(pool: ProcessPool) -> None:
    assert pool.run(loaded, {}) == []


def test_what_a_worker_warns_of_is_said_here_in_the_context_of_the_run(
    start: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[tuple[str, str, str]] = []

    class Hearing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append((run_of.get(), record.levelname, record.getMessage()))

    token = run_of.set("this run")
    monkeypatch.setattr(logging.getLogger("aig"), "handlers", [Hearing()])
    monkeypatch.setattr(worker_logs, "_LONGEST_FOLDER", 3)
    pool = ProcessPool(1, tmp_path)
    try:
        pool.run(say, {"text": "100 %"})
    finally:
        pool.close()
        run_of.reset(token)
    ((run, level, line),) = heard
    assert (run, level) == ("this run", "WARNING")
    assert line.startswith("100 %, said by ")
    assert line != f"100 %, said by {os.getpid()}"


@pytest.mark.parametrize(
    ("how", "kind", "text"), [("plain", ValueError, "plain"), ("odd", RuntimeError, "Odd: 7: odd")]
)
def test_what_a_batch_raises_arrives_and_kills_no_worker(
    pool: ProcessPool, how: str, kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text):
        pool.run(fail, {"how": how})
    assert pool.run(loaded, {}) == []


def test_a_worker_that_is_killed_while_it_speaks_holds_up_nobody(
    start: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[str] = []

    class Hearing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            heard.append(record.getMessage())

    monkeypatch.setattr(logging.getLogger("aig"), "handlers", [Hearing()])
    pool = ProcessPool(1, tmp_path)
    with ThreadPoolExecutor(1) as thread:
        speaking = thread.submit(pool.run, speak_for_ever, {})
        while len(heard) < 10:
            time.sleep(0.05)
        (worker,) = (int(file.name) for file in tmp_path.glob("[0-9]*"))
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(BrokenProcessPool):
            speaking.result()
    pool.close()


def test_killing_ends_a_batch_at_once(start: None, tmp_path: Path) -> None:
    pool = ProcessPool(1, tmp_path)
    with ThreadPoolExecutor(1) as thread:
        waiting = thread.submit(pool.run, wait, {"seconds": 600})
        while not list(tmp_path.iterdir()):
            time.sleep(0.05)
        pool.kill()
        with pytest.raises(BrokenProcessPool):
            waiting.result()
    pool.close()


def test_what_still_loads_for_the_workers_ends_with_the_run(tmp_path: Path) -> None:
    (tmp_path / "slowly.py").write_text("import time; print('loading', flush=True); time.sleep(60)")
    code = "from pathlib import Path; from aig.pipelines.runtime.process_pool import ProcessPool\n"
    code += f"ProcessPool(1, Path({str(tmp_path)!r}), ['slowly']).run(print, {{}})"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, env=environment) as run:
        assert run.stdout is not None
        assert run.stdout.readline() == b"loading\n"
        run.kill()
        struck = time.monotonic()
        assert run.stdout.read() == b""  # until the last process that could write there has ended
        assert time.monotonic() - struck < 30


def test_a_module_that_ends_the_process_that_workers_are_forked_from_is_named(tmp_path: Path) -> None:
    (tmp_path / "breaks.py").write_text("raise OSError('no such driver')")
    program = tmp_path / "program.py"
    program.write_text(
        "from pathlib import Path; from aig.core.errors import UsageError\n"
        "from aig.pipelines.runtime.process_pool import ProcessPool\n"
        "if __name__ == '__main__':\n"
        f"    pool = ProcessPool(1, Path({str(tmp_path)!r}), ['breaks'])\n"
        "    try: pool.run(print, {})\n"
        "    except UsageError as error: print(error)\n"
        "    pool.close()\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, env=environment, timeout=120)
    assert (done.returncode, done.stdout.count("no worker process starts")) == (0, 1)
    assert f"loading {program} or breaks ends it" in done.stdout
    assert "__name__" in done.stdout
    assert "no such driver" in done.stderr


def test_each_worker_has_one_of_several_gpus(start: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5")
    assert process_pool.gpus() == ["4", "5"]
    pool = ProcessPool(1, tmp_path)
    try:
        assert pool.run(os.getenv, {"key": "CUDA_VISIBLE_DEVICES"}) in ("4", "5")
    finally:
        pool.close()
