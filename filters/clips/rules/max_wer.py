"""A clip goes whose annotated text is not what is heard: its file was swapped, or its segment is wrong."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aig.filters.clips.rule import Rule
from aig.filters.clips.word_errors import word_error_rate

__all__ = ["MAX_WER"]


def _check(bound: float, text: str | None, transcript: str | None) -> str | None:
    if text is None:
        return None
    if transcript is None:
        return "no speech recognition was run"
    rate = word_error_rate(text, transcript)
    if rate is None or rate <= bound:
        return None
    return f"word error rate {rate:.2f} between its text and the transcript, above {bound:g}"


MAX_WER = Rule("max_wer", Annotated[float, Field(gt=0)], ("text", "transcript"), _check, about="text")
