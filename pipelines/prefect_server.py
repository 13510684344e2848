"""A Prefect API for flows: the server `PREFECT_API_URL` names, or a temporary one of our own, silent and alone.

Prefect would start a temporary server by itself, but one in every worker process, chatty, and left running when the
flow is killed. So one is started here, in a home of its own (two runs sharing a home meet "database is locked"), its
output goes to a file, its workers find it through the environment, and it ends with its parent.

Run as a program, this module is that server.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from datasets_registry.errors import AigError
from pipelines.cache import cache_folder
from pipelines.lifeline import end_with_parent

__all__ = ["prefect_api"]

_START_TIMEOUT_S = 120.0

_QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": "false",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "500",
    "PREFECT_SERVER_UI_ENABLED": "false",
    "PREFECT_LOGGING_TO_API_ENABLED": "false",  # nobody reads the logs of a server that ends with its flow
    "PREFECT_LOGGING_LEVEL": "CRITICAL",  # the command says itself what happens and what went wrong
}


@contextlib.contextmanager
def prefect_api(workspace: str) -> Iterator[None]:
    """Makes a Prefect API reachable for flows of this process and its workers inside the block.

    Must be entered before `prefect` is imported, because Prefect reads its environment once.

    Args:
        workspace: address of the workspace; runs on different workspaces do not share a home.

    Raises:
        AigError: the temporary server did not start; the message names its log.
    """
    if os.environ.get("PREFECT_API_URL"):
        yield
        return
    home = cache_folder("prefect") / hashlib.sha256(workspace.encode()).hexdigest()[:16]
    home.mkdir(parents=True, exist_ok=True)
    environment = {**_QUIET, "PREFECT_HOME": str(home)}
    log = home / "server.log"
    with log.open("wb") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "pipelines.prefect_server"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            env={**os.environ, **environment, "PREFECT__SERVER_EPHEMERAL": "1"},
            start_new_session=True,  # Ctrl-C reaches the flow alone, which still has states to report
        )
    try:
        url = _url(server, log)
        with _environment({**environment, "PREFECT_API_URL": url}):
            yield
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _url(server: subprocess.Popen[bytes], log: Path) -> str:
    """Waits until the server answers and returns its address."""
    import httpx

    assert server.stdout is not None
    port = server.stdout.readline().decode().strip()
    url = f"http://127.0.0.1:{port}/api"
    end = time.monotonic() + _START_TIMEOUT_S
    while port and server.poll() is None and time.monotonic() < end:
        with contextlib.suppress(httpx.TransportError):
            if httpx.get(f"{url}/health", timeout=5, trust_env=False).is_success:
                return url
        time.sleep(0.1)
    raise AigError(
        f"Prefect's temporary server did not start within {_START_TIMEOUT_S:.0f} s; its log is {log}",
        "remove the folder that holds the log and try again, or set PREFECT_API_URL to a running server",
    )


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


def _serve() -> None:
    """Serves Prefect's API on a free loopback port, whose number is the one line printed."""
    end_with_parent()
    import socket

    import uvicorn
    from prefect.server.api.server import create_app

    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)  # noqa: T201 - read by the parent
    config = uvicorn.Config(create_app, factory=True, log_level="error", lifespan="on", timeout_graceful_shutdown=2)
    uvicorn.Server(config).run(sockets=[listener])


if __name__ == "__main__":
    _serve()
