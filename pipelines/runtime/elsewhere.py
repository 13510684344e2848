"""A stage as a run of its own deployment: it waits in the queue of the machines that it needs."""

from __future__ import annotations

import time
from typing import Any, cast

from prefect import get_client
from prefect.client.schemas.objects import FlowRun, State
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.states import Cancelled, Cancelling

from aig.core.errors import DataError, UsageError

__all__ = ["run_elsewhere"]

_POLL_S = 5.0


def run_elsewhere(deployment: str, parameters: dict[str, Any], *, start_within_s: float) -> None:
    """Runs a deployment as a part of this flow run and waits for its end; where this run ends first, so does that.

    Args:
        deployment: `<flow>/<deployment>`.
        parameters: of the run, beside the deployment's own.
        start_within_s: how long it may wait in its queue.

    Raises:
        UsageError: the server knows no such deployment.
        DataError: it failed, or nobody started it in time.
    """
    try:
        run = cast(FlowRun, run_deployment(deployment, parameters=parameters, timeout=0))
    except ObjectNotFound:
        raise UsageError(
            f"Prefect's server has no deployment {deployment!r}",
            "Make it with `aig deploy CONFIG`, or leave the parameter `extract_deployment` empty.",
        ) from None
    with get_client(sync_client=True) as client:
        asked = time.monotonic()
        state: State[Any] = cast(State[Any], run.state)
        try:
            while not state.is_final():
                if not state.is_running() and time.monotonic() - asked > start_within_s:
                    raise DataError(
                        f"nobody has started {deployment} (run {run.name}) for {start_within_s / 60:,.0f} min",
                        "Start a worker for its queue, such as `prefect worker start --pool aig --work-queue gpu`, and "
                        "run this build again: it continues.",
                    )
                time.sleep(_POLL_S)
                state = cast(State[Any], client.read_flow_run(run.id).state)
        except BaseException:
            end: State[Any] = Cancelling() if state.is_running() else Cancelled()
            client.set_flow_run_state(run.id, end, force=True)
            raise
    if not state.is_completed():
        raise DataError(
            f"{deployment} (run {run.name}) ended as {state.name}: {state.message}",
            f"See `prefect flow-run logs {run.id}`. What it did is kept: run this build again and it continues.",
        )
