"""The hard budget: room is reserved before a request leaves, and settled on what the server reports."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from aig.core.errors import DataError

__all__ = ["Budget", "BudgetReachedError", "BudgetUsedUpError"]


class BudgetReachedError(Exception):
    """A request does not fit into what is left, and nothing in flight can give room back."""


class BudgetUsedUpError(DataError):
    """A run stopped because of its budget."""


class Budget:
    """Money that is spent, held by requests in flight, and left. For one event loop.

    Attributes:
        limit: US dollars, `None` for no limit.
        spent: for good.
        reserved: by requests in flight; what they may cost at most.
    """

    def __init__(self, limit: Decimal | None, spent: Decimal) -> None:
        self.limit = limit
        self.spent = spent
        self.reserved = Decimal(0)
        self._waiting: list[asyncio.Future[None]] = []

    async def reserve(self, amount: Decimal) -> None:
        """Holds `amount` for a request, waiting for others to settle where that may make room.

        Raises:
            BudgetReachedError: there is no room, with nothing in flight.
        """
        while self.limit is not None and self.spent + self.reserved + amount > self.limit:
            if not self.reserved:
                raise BudgetReachedError
            room = asyncio.get_running_loop().create_future()
            self._waiting.append(room)
            await room
        self.reserved += amount

    def settle(self, reserved: Decimal, cost: Decimal) -> None:
        """Gives a reservation back and counts what the request cost."""
        self.reserved -= reserved
        self.spent += cost
        waiting, self._waiting = self._waiting, []
        for room in waiting:
            if not room.done():
                room.set_result(None)
