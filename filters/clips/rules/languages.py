"""A clip goes in which another language was recognised than those wanted."""

from __future__ import annotations

from collections.abc import Sequence

from aig.filters.clips.rule import Rule

__all__ = ["LANGUAGES"]


def _check(bound: Sequence[str], language: str | None) -> str | None:
    if language is None:
        return "no language was recognised"
    return None if language in bound else f"language {language}, not {' or '.join(bound)}"


LANGUAGES = Rule("languages", tuple[str, ...], ("language",), _check, default=())
