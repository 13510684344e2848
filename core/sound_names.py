"""How sound classes are called in plain text."""

from __future__ import annotations

import re

__all__ = ["plain_name"]


def plain_name(label: str) -> str:
    """A label as people write it: before the first comma or bracket, in lower case."""
    return re.split(r"[,(]", label.replace("_", " "))[0].strip().lower()
