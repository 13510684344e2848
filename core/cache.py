"""The folder for what can be had again: fetched packages, converted weights, machine code, homes of servers."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import platformdirs

from aig.core.errors import UsageError

__all__ = ["cache_folder", "writable_cache_folder"]


def cache_folder(*names: str) -> Path:
    """A folder below `$AIG_CACHE`, or below `aig` in the platform's own cache folder (`~/.cache/aig` under XDG)."""
    own = os.environ.get("AIG_CACHE")
    base = Path(own).expanduser() if own else platformdirs.user_cache_path("aig", appauthor=False)
    return base.joinpath(*names)


def writable_cache_folder(*names: str) -> Path:
    """That folder, made where it was not there.

    Raises:
        UsageError: it cannot be written.
    """
    folder = cache_folder(*names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise UsageError(
            f"the cache folder {cache_folder()} cannot be written: {error.strerror}",
            "Name one that can: set AIG_CACHE or XDG_CACHE_HOME to a folder.",
        ) from error
    return folder
