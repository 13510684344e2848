"""Asking a chat model: everything not in the ledger yet, within limits and budget, every reply durable."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from generators.chat import ChatRequest
from generators.ledger import Ledger
from generators.settings import GenerateSettings
from generators.summary import Failure, Summary

__all__ = ["Failure", "Summary", "ask"]


async def ask(
    requests: Iterable[ChatRequest],
    ledger: Ledger,
    settings: GenerateSettings,
    on_progress: Callable[[Summary], None] | None = None,
) -> Summary:
    """Asks every request that is not in the ledger; replies land there before they count as answered.

    Args:
        requests: consumed as they are asked, never held together.
        ledger: where replies are looked up and kept.
        settings: model endpoint, limits, budget.
        on_progress: called now and then with the running figures.

    Returns:
        The figures of this run, with the requests that failed for good.

    Raises:
        UsageError: no key, a wrong key, an unknown model: nothing or nothing more was sent.
        DataError: the budget or the quota is used up, or the endpoint cannot be reached. What was answered is kept;
            the same call continues.
    """
    from generators.live import ask_live  # draws openai, 1 s

    return await ask_live(requests, ledger, settings, on_progress or (lambda _: None))
