"""A clip goes in which too few words were recognised."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aig.filters.clips.rule import Rule

__all__ = ["MIN_WORDS"]


def _check(bound: int, transcript: str | None) -> str | None:
    if transcript is None:
        return "no speech recognition was run"
    words = len(transcript.split())
    return f"{words} {'word' if words == 1 else 'words'}, fewer than {bound}" if words < bound else None


MIN_WORDS = Rule("min_words", Annotated[int, Field(ge=1)], ("transcript",), _check)
