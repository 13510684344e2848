"""A clip goes in which none of the wanted sounds is heard; capitals do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aig.filters.clips.heard import HEARD, heard
from aig.filters.clips.rule import Rule

__all__ = ["LABELS"]


def _check(bound: Sequence[str], *known: Any) -> str | None:
    wanted = {label.casefold() for label in bound}
    found = any(label.casefold() in wanted for label in heard(*known))
    return None if found else f"none of the labels {'; '.join(bound)}"


LABELS = Rule("labels", tuple[str, ...], HEARD, _check, default=())
