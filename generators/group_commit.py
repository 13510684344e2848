"""Group commit: replies that arrive while the disk is busy share the next write."""

from __future__ import annotations

import asyncio

from generators.chat import Reply
from generators.ledger import Ledger

__all__ = ["GroupCommit"]


class GroupCommit:
    """Adds replies to a ledger without a disk wait per reply. Use as an asynchronous context manager."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[tuple[Reply, asyncio.Future[None]]] = []
        self._wake = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> GroupCommit:
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(self, *exception: object) -> None:
        self._closing = True
        self._wake.set()
        if self._task is not None:
            await self._task

    async def add(self, reply: Reply) -> None:
        """Returns once the reply is durable.

        Raises:
            DataError: it cannot be written.
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((reply, done))
        self._wake.set()
        await done

    async def _run(self) -> None:
        while not (self._closing and not self._waiting):
            await self._wake.wait()
            self._wake.clear()
            group, self._waiting = self._waiting, []
            if not group:
                continue
            try:
                await asyncio.to_thread(self._ledger.append, *(reply for reply, _ in group))
            except Exception as error:  # noqa: BLE001 - each waiter gets it
                for _, done in group:
                    if not done.cancelled():
                        done.set_exception(error)
            else:
                for _, done in group:
                    if not done.cancelled():
                        done.set_result(None)
