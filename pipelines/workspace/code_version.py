"""Versions of code: hashes of the source and data files a result depends on, so that a changed rule makes it anew."""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

__all__ = ["code_version"]


@cache
def code_version(*places: str) -> str:
    """Hash of all source and data files at some places, each `package` or `package/name` of a file or folder in it."""
    content = hashlib.sha256()
    for place in places:
        package, _, inside = place.partition("/")
        start = resources.files(package)
        _add(content, start.joinpath(inside) if inside else start, place)
    return content.hexdigest()[:16]


def _add(content: hashlib._Hash, item: Traversable, name: str) -> None:
    if item.is_file():
        content.update(f"{name}\0".encode())
        content.update(hashlib.sha256(item.read_bytes()).digest())
        return
    for inner in sorted(item.iterdir(), key=lambda entry: entry.name):
        if inner.name != "__pycache__":
            _add(content, inner, f"{name}/{inner.name}")
