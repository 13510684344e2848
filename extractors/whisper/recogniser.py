"""What a Whisper backend is: windows of audio in, text with times and probabilities out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aig.core.records import Word
from aig.extractors.audio import Samples

__all__ = ["WINDOW_S", "Backend", "Decoded"]

WINDOW_S = 30.0
"""Whisper hears 30 s at a time."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a backend says of one window; times count from the window's start."""

    text: str
    words: tuple[Word, ...]
    no_speech_prob: float
    avg_logprob: float
    language: str


class Backend(Protocol):
    """A recogniser that is loaded once per process."""

    def decode(self, batch: Sequence[Samples], temperature: float) -> list[Decoded]:
        """Decodes windows of at most 30 s, one result each, in the same order."""
        ...
