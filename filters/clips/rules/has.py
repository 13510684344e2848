"""A clip goes that lacks one of the wanted fields: whatever nobody annotated, or the recogniser did not hear."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from aig.filters.clips.rule import Rule

__all__ = ["HAS"]

_Field = Literal[
    "age",
    "captions",
    "emotion",
    "events",
    "gender",
    "genres",
    "labels",
    "licence",
    "sentiment",
    "speaker_id",
    "text",
    "title",
    "transcript",
]
_FIELDS: tuple[str, ...] = _Field.__args__  # type: ignore[attr-defined]


def _check(bound: Sequence[str], *values: Any) -> str | None:
    lacking = [name for name, value in zip(_FIELDS, values, strict=True) if name in bound and value in (None, "", [])]
    return f"has no {' and no '.join(lacking)}" if lacking else None


HAS = Rule("has", tuple[_Field, ...], _FIELDS, _check, default=())
