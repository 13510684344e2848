"""A Prefect API for flows: the server `PREFECT_API_URL` names, or a temporary one of our own, silent and alone.

Prefect would start a temporary server by itself, but one in every worker process, chatty, and left running when the
flow is killed. So one is started here, in a home of its own (two runs sharing a home meet "database is locked"), its
output goes to a file, its workers find it through the environment, and it ends with its parent. Should it die, another
takes its place at the same address: the listening socket stays open here, so that what is asked meanwhile waits.

Run as a program, this module is that server.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from aig.core.cache import writable_cache_folder
from aig.core.errors import AigError, UsageError
from aig.pipelines.runtime.pulse import Pulse
from aig.pipelines.runtime.watchdog import end_with_parent

__all__ = ["prefect_api", "problem_of"]

_START_TIMEOUT_S = 120.0
_POLL_S = 0.5
_MAX_STARTS = 20
_SILENT_S = 120.0
"""A server that gives no sign of life for so long is stopped or frozen."""

_DRAIN_S = 5.0
"""What a run's last events may take to be sent."""

_FAILED_STARTS = 3
"""A server that ended so often before it answered once will not start at all."""

_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "500",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",  # nobody reads the logs of a server that ends with its flow
    "PREFECT_LOGGING_LEVEL": "CRITICAL",  # the command says itself what happens and what went wrong
    "PREFECT_CLIENT_MAX_RETRIES": "7",  # a server that died in the middle of an answer is back in ten seconds
}


@contextlib.contextmanager
def prefect_api(workspace: str) -> Iterator[None]:
    """Makes a Prefect API reachable for flows of this process and its workers inside the block.

    Better entered before `prefect` is imported, because Prefect reads its environment once: of the settings here a
    loaded one learns the address alone.

    Args:
        workspace: address of the workspace; runs on different workspaces do not share a home.

    Raises:
        AigError: the temporary server did not start; the message names its log.
    """
    if url := os.environ.get("PREFECT_API_URL"):
        _reach(url)
        yield
        return
    home = writable_cache_folder("prefect", hashlib.sha256(workspace.encode()).hexdigest()[:16])
    environment = {**_QUIET, "PREFECT_HOME": str(home)}
    if logging.getLogger("aig").isEnabledFor(logging.DEBUG):
        environment["PREFECT_LOGGING_LEVEL"] = "INFO"
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/api"
        with _Supervised(listener, environment, home / "server.log") as server:
            server.wait_until_ready(url)
            with _environment({**environment, "PREFECT_API_URL": url}), _loaded_prefect(url):
                yield


def _reach(url: str) -> None:
    """Sees that a server answers at `PREFECT_API_URL`, once, before a flow asks it for minutes.

    Raises:
        UsageError: it does not.
    """
    if problem := problem_of(url):
        shown = re.sub(r"(?<=://)[^/@]*@", "", url)
        raise UsageError(
            f"no Prefect server answers at {shown} (PREFECT_API_URL): {problem}",
            "Start it (`prefect server start`), correct the address, or unset PREFECT_API_URL: the run then uses a "
            "server of its own.",
        )


def problem_of(url: str) -> str | None:
    """What keeps this process from the Prefect server whose API is at `url`, `None` where nothing does."""
    import httpx

    try:
        httpx.get(f"{url.rstrip('/')}/health", timeout=10.0).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return str(error) or type(error).__name__
    return None


class _Supervised:
    """The server's process, restarted when it dies."""

    def __init__(self, listener: socket.socket, environment: dict[str, str], log: Path) -> None:
        self._listener = listener
        self._environment = {**os.environ, **environment, "PREFECT__SERVER_EPHEMERAL": "1"}
        self._log = log
        self._pulse = log.with_suffix(".pulse")
        self._ended = threading.Event()
        self._starts = 1
        self._process = self._start()
        self._watch = threading.Thread(target=self._restart_when_dead, name="prefect-server", daemon=True)

    def __enter__(self) -> _Supervised:
        self._watch.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._ended.set()
        self._watch.join()
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _start(self) -> subprocess.Popen[bytes]:
        with self._log.open("wb") as output:
            return subprocess.Popen(  # noqa: S603 - this module itself
                [
                    sys.executable,
                    "-m",
                    __name__,
                    str(self._listener.fileno()),
                    str(os.getpid()),
                    str(self._pulse),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self._environment,
                pass_fds=[self._listener.fileno()],
                start_new_session=True,  # Ctrl-C reaches the flow alone, which still has states to report
            )

    def _restart_when_dead(self) -> None:
        pulse = Pulse(self._pulse)
        while self._starts < _MAX_STARTS and not self._ended.wait(_POLL_S):
            if pulse.silent_s() > _SILENT_S:  # stopped or frozen
                self._process.kill()
                self._process.wait()
                pulse = Pulse(self._pulse)
            if self._process.poll() is not None:
                self._process = self._start()
                self._starts += 1

    def wait_until_ready(self, url: str) -> None:
        """Waits until the server answers.

        Raises:
            AigError: it does not; the message names its log.
        """
        import httpx

        end = time.monotonic() + _START_TIMEOUT_S
        with httpx.Client(trust_env=False, timeout=_START_TIMEOUT_S) as client:
            while time.monotonic() < end and self._starts <= _FAILED_STARTS:
                with contextlib.suppress(httpx.TransportError):
                    if client.get(f"{url}/health", timeout=max(1.0, end - time.monotonic())).is_success:
                        return
                time.sleep(0.1)
        raise AigError(
            f"Prefect's temporary server did not start{self._last_words()}; its log is {self._log}",
            "See that the cache folder and $TMPDIR have room. Then remove the folder that holds the log and try again, "
            "or set PREFECT_API_URL to a running server.",
        )

    def _last_words(self) -> str:
        with contextlib.suppress(OSError):
            lines = self._log.read_text(encoding="utf-8", errors="replace").split("\n")
            return next((f" ({line.strip()[:200]})" for line in reversed(lines) if line.strip()), "")
        return ""


@contextlib.contextmanager
def _loaded_prefect(url: str) -> Iterator[None]:
    """Names the server to a Prefect that was loaded before, and lets nothing that it still has to send outlive it.

    A loaded Prefect looks at its environment no more, and its thread for events keeps the first server it met: a second
    run in a notebook would speak to the server of the first, and the end of Python would wait for it in vain.
    """
    with contextlib.ExitStack() as settings:
        if "prefect" in sys.modules:
            from prefect.settings import PREFECT_API_URL, temporary_settings

            settings.enter_context(temporary_settings({PREFECT_API_URL: url}))
        try:
            yield
        finally:
            if "prefect.events.worker" in sys.modules:
                from prefect.events.worker import EventsWorker

                # Where a loop runs, as in a notebook, it would return a coroutine and not wait; a new thread has none.
                with ThreadPoolExecutor(max_workers=1) as apart:
                    apart.submit(EventsWorker.drain_all, timeout=_DRAIN_S).result()


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _serve(listener: int, parent: int, pulse: str) -> None:
    """Serves Prefect's API on the parent's listening socket."""
    end_with_parent(parent, Path(pulse))
    import uvicorn
    from prefect.server.api.server import create_app

    config = uvicorn.Config(create_app, factory=True, log_level="error", lifespan="on", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=listener)])


if __name__ == "__main__":
    _serve(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3])
