"""Packages that only some work needs: where one is missing, the error names the command that installs it."""

from __future__ import annotations

import json
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError
from urllib.parse import unquote, urlsplit

from aig.core.errors import UsageError

__all__ = ["DISTRIBUTION", "install_command", "missing_extra"]

DISTRIBUTION = "aig-audio"
"""The name to install by; `aig`, the name to import by, is somebody else's distribution on the Python index."""


def missing_extra(what: str, extra: str, instead: str = "") -> UsageError:
    """The error for work whose packages are not installed.

    Args:
        what: what is missing, "the tagger is not installed".
        extra: the extra of pyproject.toml that brings it.
        instead: another way out, a full sentence.
    """
    return UsageError(what, f"Install it: {install_command(extra)}{'. ' + instead if instead else ''}")


def install_command(extra: str) -> str:
    """The command that adds an extra to this installation: from its clone, its wheel's file, or the Python index."""
    where, options = _installed_from()
    return f"pip install {options}'{where}[{extra}]'"


@cache
def _installed_from() -> tuple[str, str]:
    """What pip was given (https://packaging.python.org/specifications/direct-url/), and its option."""
    try:
        written = Distribution.from_name(DISTRIBUTION).read_text("direct_url.json")
    except PackageNotFoundError:
        written = None
    origin = json.loads(written) if written else {}
    url = urlsplit(origin.get("url", ""))
    if "dir_info" in origin and url.scheme == "file":
        return unquote(url.path), "-e " if origin["dir_info"].get("editable") else ""
    if "archive_info" in origin:
        return (unquote(url.path), "") if url.scheme == "file" else (f"{DISTRIBUTION} @ {url.geturl()}", "")
    return DISTRIBUTION, ""
