"""The first pass of open-ended pairs: the model is asked whatever the ledger does not hold."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from typing import Any

from aig.generators.client.ask import ask
from aig.generators.client.batch_jobs import JobStore
from aig.generators.client.summary import Summary
from aig.generators.ledger.ledger import Ledger
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.shared_rate import shared_rate
from aig.pipelines.runtime.shutdown import run_to_its_end
from aig.pipelines.stages.generate.plan import Plan, requests_of
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["ask_open", "keep_index"]


def ask_open(
    configuration: Configuration,
    workspace: Workspace,
    plans: Iterable[Plan],
    on_progress: Callable[[Summary], None],
) -> Summary:
    """Asks the model all that is out of date and not in the ledger; a signal waits for the replies on their way.

    Where no pairs are out of date and no batch is on its way, the ledger is not even opened.

    Raises:
        UsageError, DataError: see `aig.generators.client.ask.ask`.
    """
    plans = list(plans)
    if not any(plan.todo for plan in plans) and not JobStore(workspace.url("responses")).load():
        return Summary()
    with Ledger(workspace.url("responses")) as ledger:
        name = configuration.generate.shared_rate
        rate = shared_rate(name) if name else None

        def asked() -> Coroutine[Any, Any, Summary]:
            requests = requests_of(configuration, plans)
            return ask(requests, ledger, configuration.generate, on_progress, shared_limit=rate)

        summary = run_to_its_end(asked)
    keep_index(workspace, summary)
    return summary


def keep_index(workspace: Workspace, summary: Summary) -> None:
    """Keeps the index of the ledger after replies were added, for the workers that read them and for later runs."""
    if summary.answered:
        with Ledger(workspace.url("responses")) as ledger:
            ledger.save_index()
