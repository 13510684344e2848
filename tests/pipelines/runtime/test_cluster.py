"""A worker on another machine, here another network namespace: does it reach Prefect's server, and is it said?"""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest

from aig.core.errors import UsageError
from aig.pipelines.runner_settings import RunnerSettings
from helpers import ROOT

pytestmark = pytest.mark.slow

HERE, THERE = "10.213.77.1", "10.213.77.2"


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[list[str]]:
    """How a command begins that runs on another machine, which reaches this one at `HERE` and nothing else."""
    name = f"aig{os.getpid()}"
    made = [
        f"ip netns add {name}",
        f"ip link add {name}a type veth peer name {name}b netns {name}",
        f"ip addr add {HERE}/30 dev {name}a",
        f"ip link set {name}a up",
        f"ip -n {name} addr add {THERE}/30 dev {name}b",
        f"ip -n {name} link set {name}b up",
        f"ip -n {name} link set lo up",
    ]
    try:
        for command in made:
            try:
                subprocess.run(command.split(), check=True, capture_output=True)
            except (OSError, subprocess.CalledProcessError) as error:
                pytest.skip(f"no network namespace can be made here: {error}")
        yield ["ip", "netns", "exec", name]
    finally:
        subprocess.run(["ip", "netns", "delete", name], check=False, capture_output=True)


@contextmanager
def process(*command: str, until: str) -> Iterator[str]:
    """A process, once it has said `until`; gives the line."""
    environment = {**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"}
    child = subprocess.Popen(command, stderr=subprocess.STDOUT, stdout=subprocess.PIPE, text=True, env=environment)
    assert child.stdout is not None
    try:
        line = next((line for line in child.stdout if until in line), "")
        assert line, f"{command} ended"
        threading.Thread(target=child.stdout.read, daemon=True).start()
        yield line.strip()
    finally:
        child.terminate()
        child.wait()


@pytest.fixture(scope="module")
def cluster(elsewhere: list[str]) -> Iterator[RunnerSettings]:
    pytest.importorskip("prefect_dask", reason="the extra dask is not installed")
    dask = [sys.executable, "-m", "dask"]
    with ExitStack() as stack:
        options = ("--host", HERE, "--port", "0", "--no-dashboard")
        line = stack.enter_context(process(*dask, "scheduler", *options, until="Scheduler at:"))
        address = line.split()[-1]
        worker = (*elsewhere, *dask, "worker", address, "--no-nanny", "--nthreads", "1", "--no-dashboard")
        stack.enter_context(process(*worker, until="Starting established connection"))
        yield RunnerSettings(kind="dask", address=address, workers=1)


def interfaces(number: int) -> tuple[int, str]:
    """A batch: its number, and the addresses of the machine that does it."""
    return number, Path("/proc/net/fib_trie").read_text()


def test_a_worker_elsewhere_does_batches_and_reports_to_a_server_that_it_reaches(
    cluster: RunnerSettings, tmp_path: Path
) -> None:
    environment = f"PREFECT_HOME={tmp_path}"
    serve = ("env", environment, sys.executable, "-m", "prefect", "server", "start", "--host", HERE, "--port", "4297")
    with process(*serve, until="Check out the dashboard"):
        url = f"http://{HERE}:4297/api"
        from prefect import flow, task
        from prefect.settings import PREFECT_API_URL, temporary_settings

        from aig.pipelines.runtime.batches import Isolation, run_batches
        from aig.pipelines.runtime.cluster import see_that_workers_reach
        from aig.pipelines.runtime.prefect_server import problem_of
        from aig.pipelines.runtime.runners import Runner
        from aig.pipelines.runtime.sealed import sealed

        while problem_of(url):  # it says so before it listens
            time.sleep(0.5)
        see_that_workers_reach(url, cluster)

        def never(job: dict[str, Any]) -> Any:
            raise AssertionError(f"{job} was given up")

        @flow(persist_result=False)
        def two_batches() -> list[tuple[int, str]]:
            jobs = ({"number": number} for number in range(2))
            work: Callable[..., Any] = sealed(interfaces)
            with Runner(cluster) as runner:
                return list(
                    run_batches(task(work), jobs, runner, "batch {}".format, Isolation(lambda job: [job], never))
                )

        with temporary_settings({PREFECT_API_URL: url}):
            done = two_batches()
    assert sorted(number for number, _ in done) == [0, 1]
    assert all(THERE in addresses and HERE not in addresses for _, addresses in done)


def test_a_server_that_only_this_machine_reaches_is_said_before_anything_starts(
    cluster: RunnerSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aig.pipelines.runtime.cluster import see_that_workers_reach
    from aig.pipelines.runtime.prefect_server import prefect_api, problem_of

    monkeypatch.setenv("AIG_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("PREFECT_API_URL", raising=False)
    with prefect_api(str(tmp_path / "workspace")):
        url = os.environ["PREFECT_API_URL"]
        assert problem_of(url) is None
        with pytest.raises(UsageError, match=f"{THERE}.* does not reach the Prefect server at {url}") as refused:
            see_that_workers_reach(url, cluster)
    assert "--host 0.0.0.0" in refused.value.advice


def test_a_cluster_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("prefect_dask", reason="the extra dask is not installed")
    from aig.pipelines.runtime import cluster

    monkeypatch.setattr(cluster, "_TIMEOUT_S", 1.0)
    with pytest.raises(UsageError, match=r"no Dask cluster answers at tcp://127.0.0.1:9"):
        cluster.see_that_workers_reach(
            "http://127.0.0.1:9/api", RunnerSettings(kind="dask", address="tcp://127.0.0.1:9")
        )
