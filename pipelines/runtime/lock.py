"""One run at a time on a workspace: the second is refused, and a lock never outlives its run for long."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from aig.core import locks

__all__ = ["holder_of", "only_run"]

_held: set[str] = set()
"""Workspaces that this process holds: a flow inside a command that holds one already enters freely."""


@contextlib.contextmanager
def only_run(workspace: str, *, reads: bool = False) -> Iterator[None]:
    """Holds a workspace for the block; inside a block that holds it already, nothing happens.

    Args:
        workspace: its address.
        reads: the block only reads, so a workspace that this user cannot write to needs no holding.

    Raises:
        DataError: another run holds it; the message names its process.
    """
    if workspace in _held:
        yield
        return
    advice = "Wait until it ends, stop it, or give this run another workspace."
    with contextlib.ExitStack() as stack:
        try:
            stack.enter_context(locks.only_holder(_lock_of(workspace), f"the workspace {workspace}", advice))
        except OSError as error:
            if not reads or error.errno not in (errno.EACCES, errno.EPERM, errno.EROFS):
                raise
        _held.add(workspace)
        try:
            yield
        finally:
            _held.discard(workspace)


def holder_of(workspace: str) -> str | None:
    """Who runs on a workspace now, `None` where nobody does; on an object store, who did last unless it ended well."""
    return locks.holder_of(_lock_of(workspace))


def _lock_of(workspace: str) -> str:
    return f"{workspace.rstrip('/')}/.lock"
