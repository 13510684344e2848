"""One holder at a time, on a local disk and on an object store, whatever stalls and whatever the clocks say."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import signal
import threading
import time
from contextlib import AbstractContextManager
from pathlib import Path

import fsspec
import pytest

from aig.core import locks
from aig.core.errors import DataError
from aig.core.locks import holder_of, one_after_another, only_holder

STORE = fsspec.filesystem("memory")
_NUMBERS = itertools.count()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(locks, "RENEWED_EVERY_S", 0.05)
    monkeypatch.setattr(locks, "STALE_AFTER_S", 1.0)


@pytest.fixture
def lease() -> str:
    return f"memory://locks/{next(_NUMBERS)}-{time.time_ns()}"


def hold(url: str) -> AbstractContextManager[locks.Holding]:
    return only_holder(url, "the thing", "Wait.")


def objects(url: str) -> list[str]:
    return STORE.ls(f"{STORE._strip_protocol(url)}.d", detail=False)


@pytest.fixture
def broken_store(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """An event; while it is set nothing can be written to the store by a renewal."""
    broken = threading.Event()
    write = type(STORE).pipe_file

    def pipe_file(self: object, *arguments: object, **options: object) -> None:
        if broken.is_set() and threading.current_thread().name == "renew-lease":
            raise OSError("no route to host")
        write(self, *arguments, **options)

    monkeypatch.setattr(type(STORE), "pipe_file", pipe_file)
    return broken


def test_a_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path, lease: str) -> None:
    for url in (str(tmp_path / "[a]" / "::lock"), lease):
        with hold(url) as held:
            assert "process" in (holder_of(url) or "")
            with pytest.raises(DataError, match=r"the thing is in use by another run \(process \d+ on ") as error:
                hold(url).__enter__()
            assert error.value.advice == "Wait."
            assert not held.lost
        assert holder_of(url) is None
        with hold(url):
            pass


def test_of_many_that_come_at_once_at_most_one_holds_the_lease(lease: str) -> None:
    inside, most, held = [0], [0], [0]

    def contend() -> None:
        try:
            with hold(lease):
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                held[0] += 1
                time.sleep(0.2)
                inside[0] -= 1
        except DataError:
            pass

    threads = [threading.Thread(target=contend) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert held[0] >= 1
    assert most[0] == 1
    assert objects(lease) == []


def test_a_dead_holders_lease_is_taken_over(lease: str) -> None:
    STORE.pipe_file(f"{STORE._strip_protocol(lease)}.d/dead.json", b'{"pid": 1, "host": "gone"}')
    assert holder_of(lease) == "process 1 on gone"
    began = time.monotonic()
    with hold(lease):
        assert time.monotonic() - began >= locks.STALE_AFTER_S
        assert len(objects(lease)) == 1
    assert objects(lease) == []


def test_a_lease_survives_a_renewal_that_fails(lease: str, broken_store: threading.Event) -> None:
    with hold(lease) as held:
        broken_store.set()
        time.sleep(0.3)
        broken_store.clear()
        time.sleep(1.2)
        assert not held.lost
        with pytest.raises(DataError, match="in use"):
            hold(lease).__enter__()


def test_a_stalled_holder_knows_that_it_lost_the_lease_and_never_removes_anothers(
    lease: str, broken_store: threading.Event
) -> None:
    with hold(lease) as first:
        broken_store.set()
        with hold(lease) as second:
            assert first.lost
            with pytest.raises(DataError, match="not renewed in time"):
                first.check()
            broken_store.clear()
            time.sleep(0.2)
            assert first.lost
            assert not second.lost
            second.check()
    assert objects(lease) == []


def test_the_end_of_a_stalled_holder_leaves_the_next_one_in_place(lease: str, broken_store: threading.Event) -> None:
    first, second = hold(lease), hold(lease)
    first.__enter__()
    broken_store.set()
    second.__enter__()
    broken_store.clear()
    first.__exit__(None, None, None)
    assert len(objects(lease)) == 1
    with pytest.raises(DataError, match="in use"):
        hold(lease).__enter__()
    second.__exit__(None, None, None)
    assert objects(lease) == []


@pytest.mark.parametrize("ahead_s", [-86400, 86400])
def test_a_clock_that_is_wrong_changes_nothing(lease: str, ahead_s: int, monkeypatch: pytest.MonkeyPatch) -> None:
    with hold(lease):
        monkeypatch.setattr(time, "time", lambda now=time.time: now() + ahead_s)
        with pytest.raises(DataError, match="in use"):
            hold(lease).__enter__()


def _hold_and_die(path: str) -> None:
    with hold(path):
        os.kill(os.getpid(), signal.SIGKILL)


def test_a_local_lock_does_not_outlive_its_process(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    other = multiprocessing.get_context("spawn").Process(target=_hold_and_die, args=(path,))
    other.start()
    other.join()
    assert holder_of(path) is None
    with hold(path):
        pass


def test_those_who_wait_come_one_after_another(tmp_path: Path) -> None:
    order: list[str] = []

    def work(name: str) -> None:
        with one_after_another(tmp_path / "lock"):
            order.append(name)
            time.sleep(0.05)
            order.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [order[place] for place in (0, 2, 4)] == [order[place] for place in (1, 3, 5)]
