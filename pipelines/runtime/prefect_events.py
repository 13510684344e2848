"""Events of a run, for automations to wait for: what its state does not say.

They are told of the outermost flow run of this process: it alone has the deployment's tags, by which the automations
know a run of ours, and what its stages meet together is told once.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from prefect.events import emit_event
from prefect.runtime import flow_run

from aig.generators.client.budget import BudgetUsedUpError

__all__ = ["BUDGET", "QUARANTINE", "tell", "telling"]

BUDGET = "aig.budget.used-up"
QUARANTINE = "aig.quarantine.half-full"
"""More of a dataset is in quarantine than half of what `max_quarantine` allows."""


@dataclass(frozen=True)
class _Outermost:
    """The run that events are told of, and what was told of it already."""

    resource: dict[str, str]
    tags: list[dict[str, str]]
    told: set[tuple[str, str]] = field(default_factory=set)


_outermost: ContextVar[_Outermost | None] = ContextVar("outermost", default=None)


def tell(event: str, about: str, message: str, payload: Mapping[str, Any]) -> None:
    """Tells Prefect's server of an event, once in a run; nothing outside of `telling`.

    Args:
        event: its name.
        about: what it is about, such as a dataset.
        message: a sentence for whom an automation tells.
        payload: figures.
    """
    run = _outermost.get()
    if run is not None and (event, about) not in run.told:
        run.told.add((event, about))
        emit_event(event, run.resource, related=run.tags, payload={**payload, "message": message})


@contextlib.contextmanager
def telling() -> Iterator[None]:
    """Inside the block events can be told, of the flow run that entered it first; the budget's end is told here."""
    with contextlib.ExitStack() as stack:
        if _outermost.get() is None and flow_run.id:
            resource = {
                "prefect.resource.id": f"prefect.flow-run.{flow_run.id}",
                "prefect.resource.name": flow_run.name,
            }
            tags = [
                {"prefect.resource.id": f"prefect.tag.{tag}", "prefect.resource.role": "tag"} for tag in flow_run.tags
            ]
            token = _outermost.set(_Outermost(resource, tags))
            stack.callback(_outermost.reset, token)
        try:
            yield
        except BudgetUsedUpError as error:
            tell(BUDGET, "", error.message, {})
            raise
