"""What is asked of a cluster before a run starts: is it there, and do its workers reach Prefect's server."""

from __future__ import annotations

from typing import cast

from aig.core.errors import UsageError
from aig.pipelines.runner_settings import RunnerSettings
from aig.pipelines.runtime.prefect_server import problem_of

__all__ = ["see_that_workers_reach"]

_TIMEOUT_S = 20.0


def see_that_workers_reach(url: str, settings: RunnerSettings) -> None:
    """Has the workers of a cluster ask Prefect's server whether it is well; otherwise each batch would try for minutes.

    Args:
        url: of the server's API.
        settings: of a runner with an address.

    Raises:
        UsageError: no cluster answers at that address, or a worker of it does not reach the server.
    """
    answers = _of_dask(url, settings) if settings.kind == "dask" else _of_ray(url, settings)
    for worker, problem in answers.items():
        if problem is not None:
            raise UsageError(
                f"the worker {worker} of {settings.address} does not reach the Prefect server at {url}: {problem}",
                "Start one that all machines reach (`prefect server start --host 0.0.0.0`) and set PREFECT_API_URL to "
                "its address.",
            )


def _of_dask(url: str, settings: RunnerSettings) -> dict[str, str | None]:
    from distributed import Client

    try:
        client = Client(settings.address, timeout=_TIMEOUT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise _nobody(settings, error) from None
    with client:
        return cast(dict[str, str | None], client.run(problem_of, url))


def _of_ray(url: str, settings: RunnerSettings) -> dict[str, str | None]:
    import ray
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    try:
        ray.init(settings.address, log_to_driver=False, logging_level="ERROR")
    except (OSError, ValueError, RuntimeError) as error:
        raise _nobody(settings, error) from None
    try:
        ask = ray.remote(num_cpus=0)(problem_of)
        asked = {
            node["NodeManagerAddress"]: ask.options(
                scheduling_strategy=NodeAffinitySchedulingStrategy(node["NodeID"], soft=False)
            ).remote(url)
            for node in ray.nodes()
            if node["Alive"]
        }
        return {address: ray.get(answer) for address, answer in asked.items()}
    finally:
        ray.shutdown()


def _nobody(settings: RunnerSettings, error: Exception) -> UsageError:
    return UsageError(
        f"no {settings.kind.title()} cluster answers at {settings.address}: {error}",
        "Start it, or correct runner.address; without an address a cluster on this machine is started for the run.",
    )
