"""`kill -9`, again and again: nothing is lost, nothing but what was in flight is paid twice, the rows are the same."""

from __future__ import annotations

import json
import multiprocessing
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path

import pytest

from aig.generators.ledger.ledger import Ledger
from helpers.asking import PRICES, requests, rows, run, seen, work

REQUESTS = 2000
CONCURRENCY = 50
KILLS = 20


@contextmanager
def server(**settings: object) -> Iterator[str]:
    """A server in a process of its own, which outlives the killed ones and shares no lock with them."""
    command = [sys.executable, "-m", "aig.generators.mock_server", json.dumps(settings)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.mark.slow
def test_twenty_kills(tmp_path: Path) -> None:
    # Processes are forked from a clean one that has the imports done, so that kills fall into the work itself.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["helpers.asking", "aig.generators.client.batch", "aig.generators.client.live"])
    draw = random.Random(20)
    asked = requests(REQUESTS)
    kills = 0
    with server(latency_s=0.03, latency_sigma=0.5) as url:
        while kills < KILLS:
            before = len(Ledger(str(tmp_path / "killed")))
            assert before < REQUESTS, "the work was over before the kills were"
            worker = context.Process(target=work, args=(REQUESTS, str(tmp_path / "killed"), url, CONCURRENCY))
            worker.start()
            while worker.is_alive() and not _grew(tmp_path / "killed", before):
                time.sleep(0.005)
            time.sleep(draw.uniform(0, 0.06))
            worker.kill()
            worker.join()
            kills += 1
        at_last = run(asked, tmp_path / "killed", url, concurrency=CONCURRENCY, prices=PRICES, model="mock")
        tries = seen(url)["tries"]
        killed = rows(tmp_path / "killed", asked)
        assert at_last.answered > 0
    with server() as url:
        run(asked, tmp_path / "unbroken", url, concurrency=CONCURRENCY, prices=PRICES, model="mock")

    assert killed == rows(tmp_path / "unbroken", asked), "the set is complete and the same"
    assert len(tries) == REQUESTS
    assert sum(len(times) - 1 for times in tries.values()) <= KILLS * CONCURRENCY
    ledger = Ledger(str(tmp_path / "killed"))
    server_side = sum(len(times) for times in tries.values()) * ledger.paid_usd / REQUESTS
    assert ledger.paid_usd == Ledger(str(tmp_path / "unbroken")).paid_usd
    assert ledger.cost_usd >= server_side * Decimal("0.99"), "what was in flight at the kills counts as spent"


def _grew(folder: Path, before: int) -> bool:
    """Whether the present run has got replies into the ledger."""
    return len(Ledger(str(folder))) > before + CONCURRENCY // 2
