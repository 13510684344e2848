"""The folder for what can be had again: fetched packages, converted weights, homes of temporary servers."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

__all__ = ["cache_folder"]


def cache_folder(*names: str) -> Path:
    """A folder below `$AIG_CACHE`, or below `aig` in the platform's own cache folder (`~/.cache/aig` under XDG)."""
    own = os.environ.get("AIG_CACHE")
    base = Path(own).expanduser() if own else platformdirs.user_cache_path("aig", appauthor=False)
    return base.joinpath(*names)
