import functools
import threading

import pytest

from aig.datasets_registry.download import http as fetching
from helpers.file_server import Server


@pytest.fixture
def server():
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def waits(monkeypatch):
    """Seconds that the downloader wanted to wait, which nobody does."""
    slept = []
    monkeypatch.setattr(fetching, "fetch", functools.partial(fetching.fetch, sleep=slept.append))
    return slept
