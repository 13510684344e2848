"""A clip goes in which one of the unwanted sounds is heard; capitals do not matter."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aig.filters.clips.heard import HEARD, heard
from aig.filters.clips.rule import Rule

__all__ = ["WITHOUT_LABELS"]


def _check(bound: Sequence[str], *known: Any) -> str | None:
    unwanted = {label.casefold() for label in bound}
    found = [label for label in heard(*known) if label.casefold() in unwanted]
    return f"has the label {found[0]}" if found else None


WITHOUT_LABELS = Rule("without_labels", tuple[str, ...], HEARD, _check, default=())
