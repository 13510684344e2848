"""One run at a time on a workspace: the second is refused or waits, and a lock never outlives its run for long."""

from __future__ import annotations

import contextlib
import errno
import logging
import time
from collections.abc import Iterator

from aig.core import locks

__all__ = ["holder_of", "lent", "only_run"]

log = logging.getLogger("aig")

_POLL_S = 2.0
_TOLD_EVERY_S = 60.0

_held: dict[str, contextlib.ExitStack] = {}
"""Workspaces that this process holds: a flow inside a command that holds one already enters freely."""


@contextlib.contextmanager
def only_run(workspace: str, *, reads: bool = False, wait_s: float = 0.0) -> Iterator[None]:
    """Holds a workspace for the block; inside a block that holds it already, nothing happens.

    Args:
        workspace: its address.
        reads: the block only reads, so a workspace that this user cannot write to needs no holding.
        wait_s: how long to wait for another run to end, in seconds; it says so meanwhile.

    Raises:
        InUseError: another run holds it; the message names its process.
    """
    if workspace in _held:
        yield
        return
    with contextlib.ExitStack() as stack:
        try:
            _take(stack, workspace, wait_s)
        except OSError as error:
            if not reads or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
        _held[workspace] = stack
        try:
            yield
        finally:
            _held.pop(workspace, None)


@contextlib.contextmanager
def lent(workspace: str, *, wait_s: float) -> Iterator[None]:
    """Gives a workspace that this process holds to another run for the block, and takes it back after it.

    Args:
        workspace: its address.
        wait_s: how long to wait for it afterwards, in seconds.

    Raises:
        InUseError: another run still holds it after that time.
    """
    stack = _held.pop(workspace)
    stack.close()
    yield
    _take(stack, workspace, wait_s)
    _held[workspace] = stack


def _take(stack: contextlib.ExitStack, workspace: str, wait_s: float) -> None:
    """Enters the lock of a workspace, and waits for it at most so long."""
    advice = "Wait until it ends, stop it, or give this run another workspace."
    began, told = time.monotonic(), 0.0
    while True:
        try:
            stack.enter_context(locks.only_holder(_lock_of(workspace), f"the workspace {workspace}", advice))
        except locks.InUseError as error:
            waited = time.monotonic() - began
            if waited >= wait_s:
                raise
            if not told or waited - told >= _TOLD_EVERY_S:
                log.info("%s: waiting, for at most %.0f min more", error.message, (wait_s - waited) / 60)
                told = waited or _POLL_S
            time.sleep(min(_POLL_S, wait_s - waited))
        else:
            return


def holder_of(workspace: str) -> str | None:
    """Who runs on a workspace now, `None` where nobody does; on an object store, who did last unless it ended well."""
    return locks.holder_of(_lock_of(workspace))


def _lock_of(workspace: str) -> str:
    return f"{workspace.rstrip('/')}/.lock"
