"""Events of a run, for automations to wait for: what its state does not say."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from prefect.events import emit_event
from prefect.runtime import flow_run

from aig.generators.client.budget import BudgetUsedUpError

__all__ = ["BUDGET", "QUARANTINE", "tell", "telling"]

BUDGET = "aig.budget.used-up"
QUARANTINE = "aig.quarantine.half-full"
"""More of a dataset is in quarantine than half of what `max_quarantine` allows."""


def tell(event: str, payload: Mapping[str, Any]) -> None:
    """Tells Prefect's server of an event of this flow run."""
    if flow_run.id:
        resource = {"prefect.resource.id": f"prefect.flow-run.{flow_run.id}", "prefect.resource.name": flow_run.name}
        tags = [{"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in flow_run.tags]
        emit_event(event, resource, related=tags, payload=dict(payload))


@contextlib.contextmanager
def telling() -> Iterator[None]:
    """Tells of the budget's end, if the block comes to it."""
    try:
        yield
    except BudgetUsedUpError as error:
        tell(BUDGET, {"message": error.message})
        raise
