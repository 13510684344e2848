"""A clip goes in which the recogniser hears no speech, or hallucinates some."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aig.filters.clips.rule import Rule

__all__ = ["MAX_NO_SPEECH_PROB"]


def _check(bound: float, probability: float | None, hallucination: str | None) -> str | None:
    if probability is None:
        return "no speech recognition was run"
    if probability >= bound:
        return f"probability of no speech {probability:.3f}, not below {bound:g}"
    return f"hallucinated transcript: {hallucination}" if hallucination else None


MAX_NO_SPEECH_PROB = Rule(
    "max_no_speech_prob", Annotated[float, Field(gt=0, le=1)], ("no_speech_prob", "hallucination"), _check
)
