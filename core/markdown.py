"""Other people's text in Markdown."""

from __future__ import annotations

import html
import re

__all__ = ["plain_markdown"]


def plain_markdown(text: str) -> str:
    """Text that Markdown shows as it is, on one line: neither markup nor HTML, nor the end of a table's cell."""
    return re.sub(r"([\\`*_\[\]|#])", r"\\\1", html.escape(" ".join(text.split()), quote=False))
