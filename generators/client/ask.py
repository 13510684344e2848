"""Asking a chat model: everything not in the ledger yet, within limits and budget, every reply durable."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Coroutine, Iterable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache
from itertools import chain
from typing import Any

from aig.core.locks import only_holder
from aig.generators.chat import ChatRequest
from aig.generators.client.batch import Batches
from aig.generators.client.batch_jobs import JobStore
from aig.generators.client.budget import Budget, BudgetReachedError, BudgetUsedUpError
from aig.generators.client.context import RequestContext
from aig.generators.client.endpoint import Endpoint, base_url, is_loopback
from aig.generators.client.live import Live
from aig.generators.client.prices import Price, price_of
from aig.generators.client.summary import Failure, Summary
from aig.generators.client.tokens import input_tokens, most_output_tokens
from aig.generators.ledger.entries import Asked, Exposure
from aig.generators.ledger.group_commit import GroupCommit
from aig.generators.ledger.ledger import Ledger
from aig.generators.settings import GenerateSettings

__all__ = ["Failure", "Summary", "ask"]


async def ask(
    requests: Iterable[ChatRequest],
    ledger: Ledger,
    settings: GenerateSettings,
    on_progress: Callable[[Summary], None] | None = None,
    *,
    shared_limit: Callable[[int], Coroutine[Any, Any, None]] | None = None,
) -> Summary:
    """Asks every request that is not in the ledger; replies land there before they count as answered.

    Args:
        requests: consumed as they are asked, never held together.
        ledger: where replies are looked up and kept.
        settings: model endpoint, limits, budget.
        on_progress: called a few times a second, and at the end, with the running figures, always the same object.
        shared_limit: awaited before each request with the tokens it may use, for a rate shared between machines.

    Returns:
        The figures of this run, with the requests that failed for good.

    Raises:
        UsageError: no key, a wrong key, an unknown model, no server: nothing or nothing more was sent.
        DataError: the budget or the quota is used up, the endpoint no longer answers, or the ledger cannot be written.
            What was answered is kept; the same call continues.
    """
    local = is_loopback(base_url(settings))

    @cache
    def price(model: str) -> Price:
        found = price_of(model, settings.prices, local=local)
        return found.batch if settings.mode == "batch" else found

    summary = Summary()
    source = iter(requests)
    with (
        only_holder(f"{ledger.url}/.lock", f"the ledger {ledger.url}", "Wait for that run or stop it.") as lock,
        _rare_collections(),
    ):
        ledger.refresh()
        fresh = _first_unanswered(source, ledger, summary)
        if fresh is None and not JobStore(ledger.url).load():
            if on_progress is not None:
                on_progress(summary)
            return summary  # what is answered needs neither key nor price nor server
        price(settings.model)  # an unknown price stops the run before anything is sent
        source = chain([fresh] if fresh else [], source)
        budget = Budget(settings.max_cost_usd, ledger.cost_usd)
        async with Endpoint(settings) as endpoint, GroupCommit(ledger) as commits:
            context = RequestContext(
                settings=settings,
                ledger=ledger,
                lock=lock,
                commits=commits,
                endpoint=endpoint,
                budget=budget,
                price=price,
                summary=summary,
                on_progress=on_progress or (lambda _: None),
            )
            batches = Batches(context)
            live = Live(context, shared_limit)
            try:
                if settings.mode == "batch":
                    await batches.run(source)
                else:
                    await batches.cancel_earlier()
                    await live.run(source)
            except BudgetReachedError:
                left = (request for part in (live.left, batches.left, source) for request in part)
                unanswered = (request for request in left if request.key not in ledger)
                raise _budget_reached(settings, budget.spent, summary, unanswered, price) from None
            finally:
                at = time.time()
                if live.exposure:
                    await commits.add(Exposure(cost_usd="0", at=at))
                done = Asked(answered=summary.answered, cached=summary.cached, failed=summary.failed, at=at)
                await commits.add(done)
    return summary


def _first_unanswered(source: Iterator[ChatRequest], ledger: Ledger, summary: Summary) -> ChatRequest | None:
    for request in source:
        if request.key not in ledger:
            return request
        summary.cached += 1
    return None


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Collects garbage more rarely while hundreds of requests are in flight.

    Each collection walks all their objects and finds next to nothing, which took a quarter of the processor's time.
    """
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 50)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _budget_reached(
    settings: GenerateSettings,
    spent: Decimal,
    summary: Summary,
    left: Iterator[ChatRequest],
    price: Callable[[str], Price],
) -> BudgetUsedUpError:
    """Says what is left to ask and what that would cost, at the length of the replies so far."""
    requests, further = 0, Decimal(0)
    usual = summary.output_tokens / summary.answered if summary.answered else None
    for request in left:
        requests += 1
        output = most_output_tokens(request) or 0 if usual is None else round(usual)
        further += price(request.model).cost(input_tokens(request), output)
    total = spent + further
    return BudgetUsedUpError(
        f"the budget of ${settings.max_cost_usd} is reached: ${spent:.4f} spent, {requests:,} requests left",
        f"They would cost about ${further:.4f} more: set generate.max_cost_usd to {total * Decimal('1.1'):.2f} "
        "and run the same command again.",
    )
