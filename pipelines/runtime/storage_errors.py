"""Storage that fails, in words a user can act on: full disks, missing rights, object stores that do not answer.

And a signal's exception stays what it is, though it may meet a query.
"""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator

from aig.core.errors import DataError
from aig.core.storage import is_local

__all__ = ["ADVICE", "explained"]

ADVICE = {
    errno.ENOSPC: "Make room",
    errno.EDQUOT: "Make room, or ask for a larger quota",
    errno.EROFS: "Give the workspace a place that can be written to",
    errno.EACCES: "Give this user the right to write there",
    errno.EPERM: "Give this user the right to write there",
    errno.EIO: "Look at the disk",
}

_CLIENTS = {"aiobotocore", "aiohttp", "azure", "botocore", "gcsfs", "google"}


@contextlib.contextmanager
def explained(workspace: str) -> Iterator[None]:
    """Turns an error of the workspace's storage into one that says what to do.

    Raises:
        DataError: the block could not read or write the workspace.
    """
    try:
        yield
    except RuntimeError as error:
        cause = error.__cause__
        if cause is not None and not isinstance(cause, Exception):  # DuckDB's "Query interrupted"
            raise cause from error
        raise
    except Exception as error:
        advice = ADVICE.get(error.errno or 0) if isinstance(error, OSError) else None
        if advice is None and not (not is_local(workspace) and _of_store(error)):
            raise
        what = (isinstance(error, OSError) and error.strerror) or error
        raise DataError(
            f"the workspace {workspace} cannot be read or written: {what}",
            f"{advice or 'Look at the object store'}, then run the same command again: it continues where it stopped.",
        ) from error


def _of_store(error: BaseException | None) -> bool:
    """Whether an error is an object store's: its clients have classes of their own, and DuckDB wraps what it met."""
    while error is not None:
        if isinstance(error, OSError) or type(error).__module__.partition(".")[0] in _CLIENTS:
            return True
        error = error.__cause__
    return False
