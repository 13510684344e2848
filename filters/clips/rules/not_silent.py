"""A clip goes that lies below the silence floor throughout."""

from __future__ import annotations

from aig.filters.clips.rule import Rule

__all__ = ["NOT_SILENT"]


def _check(_: bool, silent: bool | None) -> str | None:
    if silent is None:
        return "its volume was not measured"
    return "silent throughout" if silent else None


NOT_SILENT = Rule("not_silent", bool, ("silent",), _check, default=False)
