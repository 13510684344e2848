"""One rate of requests for several machines: a global concurrency limit of Prefect's server that all of them draw on.

    prefect gcl create aig-requests --limit 60 --slot-decay-per-second 58    # 3,500 a minute

and in the configuration `generate: {shared_rate: aig-requests}`. Slots are taken some at a time: a call to Prefect's
server for each request would be slower than the requests themselves.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from aig.core.errors import UsageError

__all__ = ["shared_rate"]

BLOCK = 10


def shared_rate(name: str) -> Callable[[int], Coroutine[Any, Any, None]]:
    """What `aig.generators.client.ask.ask` awaits before each request.

    Args:
        name: of a global concurrency limit with slot decay; a slot is a request.

    Raises:
        UsageError: from the returned function, where Prefect's server has no such limit.
    """
    stock = 0
    turn = asyncio.Lock()

    async def take(_tokens: int) -> None:
        nonlocal stock
        async with turn:
            if stock == 0:
                await _occupy(name)
                stock = BLOCK
            stock -= 1

    return take


async def _occupy(name: str) -> None:
    from prefect.concurrency.asyncio import ConcurrencySlotAcquisitionError, rate_limit

    try:
        await rate_limit(name, occupy=BLOCK, strict=True)
    except ConcurrencySlotAcquisitionError as error:
        raise UsageError(
            f"generate.shared_rate: Prefect's server gives no slots of {name!r} ({error})",
            f"prefect gcl create {name} --limit {6 * BLOCK} --slot-decay-per-second REQUESTS_PER_SECOND",
        ) from None
