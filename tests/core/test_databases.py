"""Databases that spill side by side, as two commands on one machine do."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest

from aig.core.databases import spilling_database


def test_databases_that_spill_at_once_keep_apart_and_leave_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aig.core.databases.process_folder", lambda: tmp_path)
    both = Barrier(2, timeout=120)

    def sort(factor: int) -> tuple[int, bool]:
        with spilling_database("60MB") as database:
            text = f"md5((i * {factor})::varchar)"
            database.execute(f"CREATE TABLE t AS SELECT i, {text} AS s FROM range(1_500_000) r(i) ORDER BY s")
            both.wait()
            assert len(list(tmp_path.iterdir())) == 2
            found: tuple[int, bool] = database.execute(f"SELECT count(*), bool_and({text} = s) FROM t").fetchall()[0]
            both.wait()
            return found

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(sort, (3, 7))) == [(1_500_000, True)] * 2
    assert list(tmp_path.iterdir()) == []


def test_a_small_database_makes_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aig.core.databases.process_folder", lambda: tmp_path)
    monkeypatch.chdir(tmp_path)
    with spilling_database("1GB") as database:
        assert database.execute("SELECT count(*) FROM range(10)").fetchall() == [(10,)]
    assert list(tmp_path.iterdir()) == []
