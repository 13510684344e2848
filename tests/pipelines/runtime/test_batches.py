"""Workers that die, hang or raise, under a real pool of processes."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aig.core.errors import UsageError
from aig.pipelines.runner_settings import RunnerSettings
from aig.pipelines.runtime import process_pool

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from aig.pipelines.runtime.prefect_server import prefect_api

    folder = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIG_CACHE", str(folder / "cache"))
        with prefect_api(str(folder / "workspace")):
            yield


def work(numbers: list[int], folder: str, stuck_after_s: float = 60.0) -> list[int]:
    """A batch: 13 kills its worker always, 7 the first time only, 21 hangs, 31 is stopped the first time, 99 raises."""
    from aig.pipelines.runtime.watchdog import end_when_stuck

    with end_when_stuck(stuck_after_s) as alive:
        for number in numbers:
            seen = Path(folder) / str(number)
            if number == 13 or (number == 7 and not seen.exists()):
                seen.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            if number == 31 and not seen.exists():
                seen.touch()
                os.kill(os.getpid(), signal.SIGSTOP)
            if number == 21:
                time.sleep(600)
            if number == 99:
                raise ValueError("ninety-nine")
            alive()
    return numbers


def run(batches: list[list[int]], folder: Path, **given: Any) -> tuple[list[int], list[int]]:
    """The numbers that were worked and those given up."""
    from prefect import flow, task

    from aig.pipelines.runtime.batches import Isolation, run_batches
    from aig.pipelines.runtime.runners import Runner
    from aig.pipelines.runtime.sealed import sealed

    gone: list[int] = []

    def halves(job: dict[str, Any]) -> list[dict[str, Any]]:
        middle = len(job["numbers"]) // 2
        return [{**job, "numbers": part} for part in (job["numbers"][:middle], job["numbers"][middle:]) if part]

    def give_up(job: dict[str, Any]) -> list[int]:
        gone.extend(job["numbers"])
        return []

    settings = RunnerSettings(workers=2, stuck_after_s=given.get("stuck_after_s", 60.0))

    @flow(persist_result=False)
    def batch_flow() -> list[int]:
        jobs = ({"numbers": batch, "folder": str(folder), **given} for batch in batches)
        with Runner(settings) as runner:
            done = run_batches(task(sealed(work)), jobs, runner, "batch {}".format, Isolation(halves, give_up))
            return sorted(number for numbers in done for number in numbers)

    return batch_flow(), gone


@pytest.mark.parametrize("forks", [True, False])
def test_a_worker_killed_once_costs_nothing(
    forks: bool, prefect: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_pool, "_FORKS", forks)
    assert run([[1, 2], [7, 8], [3], [4], [5], [6]], tmp_path) == ([1, 2, 3, 4, 5, 6, 7, 8], [])


def test_the_item_that_kills_every_worker_is_found_and_given_up(prefect: None, tmp_path: Path) -> None:
    assert run([[1, 2], [11, 12, 13, 14], [3]], tmp_path) == ([1, 2, 3, 11, 12, 14], [13])


@pytest.mark.parametrize("forks", [True, False])
def test_the_item_that_hangs_is_found_and_given_up(
    forks: bool, prefect: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_pool, "_FORKS", forks)
    started = time.monotonic()
    assert run([[20, 21], [3]], tmp_path, stuck_after_s=2.0) == ([3, 20], [21])
    assert time.monotonic() - started < 120


def test_a_worker_that_is_stopped_is_ended_from_outside_and_its_batch_done(
    prefect: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aig.pipelines.runtime import pulse

    said: list[str] = []
    monkeypatch.setattr(pulse.log, "warning", lambda message, *values: said.append(message % values))
    assert run([[31, 32], [3], [4]], tmp_path, stuck_after_s=4.0) == ([3, 4, 31, 32], [])
    assert any("gave no sign of life for 9 s" in line for line in said)


def end_at_once(*_: Any) -> None:
    os._exit(1)


@pytest.mark.parametrize("forks", [True, False])
def test_workers_that_do_not_even_start_end_the_flow_and_put_nothing_aside(
    forks: bool, prefect: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_pool, "_FORKS", forks)
    monkeypatch.setattr(process_pool, "_start_worker", end_at_once)  # as where the program fails when it is loaded
    with pytest.raises(UsageError, match="no worker process starts"):
        run([[1], [2], [3]], tmp_path)


def test_an_exception_ends_the_flow_with_its_own_type(prefect: None, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="ninety-nine"):
        run([[1], [99], [3]], tmp_path)
