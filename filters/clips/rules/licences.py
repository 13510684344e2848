"""A clip goes whose licence is not one of those wanted, or is not known."""

from __future__ import annotations

from collections.abc import Sequence

from aig.core.licences import allowed, licence_name
from aig.filters.clips.rule import Rule

__all__ = ["LICENCES"]


def _check(patterns: Sequence[str], licence: str | None) -> str | None:
    if licence is None:
        return "its licence is not stated"
    name = licence_name(licence) or licence
    return None if allowed(name, patterns) else f"licence {name}"


LICENCES = Rule("licences", tuple[str, ...], ("licence",), _check, default=())
"""Its bound: SPDX names or patterns of them, `[CC0-1.0, CC-BY-*]`; see `aig.core.licences.allowed`."""
