"""What a run of requests works with, live or in batches."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from aig.core.errors import DataError, UsageError
from aig.core.locks import Holding
from aig.generators.chat import ChatRequest
from aig.generators.client.budget import Budget
from aig.generators.client.endpoint import Endpoint
from aig.generators.client.prices import Price
from aig.generators.client.summary import Summary
from aig.generators.client.tokens import most_input_tokens, most_output_tokens
from aig.generators.ledger.group_commit import GroupCommit
from aig.generators.ledger.ledger import Ledger
from aig.generators.settings import GenerateSettings

__all__ = ["RequestContext"]

_ENOUGH = 20
"""Replies from which it can be told whether a run is worth going on with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestContext:
    """What one run of requests works with.

    Attributes:
        settings: of the generate stage.
        ledger: for looking replies up.
        lock: the sole right to ask this ledger's requests.
        commits: for adding to the ledger.
        endpoint: where requests go.
        budget: of this run.
        price: of a model, in this run's mode.
        summary: running figures.
        on_progress: told of them.
    """

    settings: GenerateSettings
    ledger: Ledger
    lock: Holding
    commits: GroupCommit
    endpoint: Endpoint
    budget: Budget
    price: Callable[[str], Price]
    summary: Summary
    on_progress: Callable[[Summary], None]

    def most_cost(self, request: ChatRequest) -> Decimal:
        """The most US dollars a request can cost.

        Raises:
            UsageError: there is a budget, and nothing limits what the request may cost.
        """
        output = most_output_tokens(request)
        if output is None and self.budget.limit is not None:
            raise UsageError(
                "a request sets no max_tokens, so its cost cannot be limited",
                "Set max_tokens in the request's parameters, or leave generate.max_cost_usd out.",
            )
        return self.price(request.model).cost(most_input_tokens(request), output or 0)

    def check_empty(self) -> None:
        """Checks that the replies so far are worth their money.

        Raises:
            DataError: most of the first of them, or of all, hold no text.
        """
        empty = self.summary.empty.total()
        if empty * 2 <= self.summary.answered or self.summary.answered < _ENOUGH:
            return
        rule, count = self.summary.empty.most_common(1)[0]
        often = self.summary.emptiness[rule]
        raise DataError(
            f"{empty:,} of {self.summary.answered:,} replies hold nothing, so no more is asked; {count:,} of them: "
            f"{often.reason}",
            f"{often.advice} Then run the same command again.",
        )
