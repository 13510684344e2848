"""The same batches on real local clusters of Dask and Ray, one worker killed in the middle."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from aig.core.errors import UsageError
from aig.pipelines.runner_settings import RunnerSettings
from helpers import ROOT


@pytest.fixture(scope="module")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    from aig.pipelines.runtime.prefect_server import prefect_api

    folder = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIG_CACHE", str(folder / "cache"))
        with prefect_api(str(folder / "workspace")):
            yield


def work(number: int, folder: str) -> tuple[int, int]:
    """A batch; the first try of number 3 kills its worker. Returns the number and the worker's process."""
    seen = Path(folder) / str(number)
    if number == 3 and not seen.exists():
        seen.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.2)
    return number, os.getpid()


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["dask", "ray"])
def test_a_cluster_does_all_batches_though_a_worker_is_killed(
    prefect: None, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip(f"prefect_{kind}", reason=f"the extra {kind} is not installed")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))  # where a cluster's workers find `work`
    from prefect import flow, task

    from aig.pipelines.runtime.batches import Isolation, run_batches
    from aig.pipelines.runtime.runners import Runner
    from aig.pipelines.runtime.sealed import sealed

    def never(job: dict[str, Any]) -> Any:
        raise AssertionError(f"{job} was given up")

    @flow(persist_result=False)
    def cluster_flow() -> list[tuple[int, int]]:
        jobs = ({"number": number, "folder": str(tmp_path)} for number in range(12))
        with Runner(RunnerSettings.model_validate({"kind": kind, "workers": 2})) as runner:
            return list(
                run_batches(task(sealed(work)), jobs, runner, "batch {}".format, Isolation(lambda job: [job], never))
            )

    done = cluster_flow()
    assert sorted(number for number, _ in done) == list(range(12))
    assert os.getpid() not in {process for _, process in done}
    assert (tmp_path / "3").exists()


def test_a_runner_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    from aig.pipelines.runtime.runners import Runner

    monkeypatch.setitem(sys.modules, "prefect_dask", None)
    with pytest.raises(UsageError, match=r"prefect_dask") as error:
        Runner(RunnerSettings(kind="dask"))
    assert "[dask]'" in error.value.advice


def test_settings_take_a_name_alone_and_refuse_an_address_without_a_cluster() -> None:
    assert RunnerSettings.model_validate("ray") == RunnerSettings(kind="ray")
    with pytest.raises(ValueError, match="address"):
        RunnerSettings(address="tcp://host:8786")
