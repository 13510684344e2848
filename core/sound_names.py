"""How sound classes are called in plain text."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["plain_name"]


@lru_cache(maxsize=16_384)
def plain_name(label: str) -> str:
    """A label as people write it: before the first comma or bracket, in lower case."""
    return re.split(r"[,(]", label.replace("_", " "))[0].strip().lower()
