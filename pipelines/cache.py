"""The folder for what can be had again: downloaded weights and packages, Prefect's temporary homes."""

from __future__ import annotations

import os
import sys
from pathlib import Path

__all__ = ["cache_folder"]


def cache_folder(*names: str) -> Path:
    """A folder below the user's cache: `$AIG_CACHE`, or `aig` below the platform's own cache folder."""
    named = os.environ.get("AIG_CACHE")
    if named:
        base = Path(named).expanduser()
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches" / "aig"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "aig"
    return base.joinpath(*names)
