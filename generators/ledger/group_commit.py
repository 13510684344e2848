"""Group commit: entries that arrive while the disk is busy share the next write."""

from __future__ import annotations

import asyncio

from aig.generators.ledger.entries import Entry
from aig.generators.ledger.ledger import Ledger

__all__ = ["GroupCommit"]


class GroupCommit:
    """Adds entries to a ledger without a disk wait for each. Use as an asynchronous context manager."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._waiting: list[tuple[Entry, asyncio.Future[None]]] = []
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

    async def add(self, entry: Entry) -> None:
        """Returns once the entry is durable.

        Raises:
            DataError: it cannot be written, or the disk is nearly full (then this one is durable all the same).
        """
        done = asyncio.get_running_loop().create_future()
        self._waiting.append((entry, done))
        self._wake.set()
        await done

    async def _run(self) -> None:
        while not (self._closing and not self._waiting):
            await self._wake.wait()
            if self._ledger.commit_pause_s and not self._closing:
                await asyncio.sleep(self._ledger.commit_pause_s)
            self._wake.clear()
            group, self._waiting = self._waiting, []
            if not group:
                continue
            error: Exception | None = None
            try:
                await asyncio.to_thread(self._write, [entry for entry, _ in group])
            except Exception as fault:  # noqa: BLE001 - every one that waits gets it
                error = fault
            for _, done in group:
                if done.cancelled():
                    continue
                if error is None:
                    done.set_result(None)
                else:
                    done.set_exception(error)

    def _write(self, entries: list[Entry]) -> None:
        self._ledger.append(*entries)
        self._ledger.check_room()
