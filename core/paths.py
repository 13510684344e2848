"""Paths from outside that must stay below a root."""

from __future__ import annotations

import posixpath

__all__ = ["normal_below"]


def normal_below(path: str) -> str | None:
    """A relative path with `/` in its normal form, or `None` where it is absolute, empty or leads out of its root."""
    normal = posixpath.normpath(path)
    escapes = normal in (".", "..") or normal.startswith(("../", "/")) or "\0" in path
    return None if escapes else normal
