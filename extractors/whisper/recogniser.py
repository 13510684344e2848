"""What a Whisper backend is: windows of audio in, text with times and probabilities out."""

from __future__ import annotations

import string
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from aig.core.records import Word
from aig.extractors.audio import SAMPLE_RATE, Samples
from aig.extractors.settings import WhisperSettings

__all__ = [
    "FRAME",
    "PUNCTUATION_AFTER",
    "PUNCTUATION_BEFORE",
    "SEED",
    "WINDOW_S",
    "Backend",
    "BatchedBackend",
    "Decoded",
]

WINDOW_S = 30.0
"""Whisper hears 30 s at a time."""

FRAME = 160
"""Samples between two frames of Whisper's spectrogram."""

SEED = 0
"""Sampling starts from this seed in every batch, so that a result does not vary from run to run."""

PUNCTUATION_BEFORE = "\"'“¿([{-"
"""Marks that belong to the word after them, as in Whisper's own `transcribe`."""

PUNCTUATION_AFTER = "\"'.。,，!！?？:：”)]}、"
"""Marks that belong to the word before them."""

_GPU_BATCH = 16


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


class BatchedBackend(ABC):
    """A Whisper model that decodes as many windows together as its device has room for."""

    def __init__(self, settings: WhisperSettings, *, on_gpu: bool) -> None:
        self._half = on_gpu if settings.half is None else settings.half
        self._batch = settings.batch or (_GPU_BATCH if on_gpu else 1)
        self._word_times = settings.word_times

    def decode(self, batch: Sequence[Samples], temperature: float) -> list[Decoded]:
        """Decodes windows of at most 30 s, one result each, in the same order."""
        decoded: list[Decoded] = []
        for first in range(0, len(batch), self._batch):
            decoded += self._decode(batch[first : first + self._batch], temperature)
        return decoded

    @abstractmethod
    def _decode(self, batch: Sequence[Samples], temperature: float) -> list[Decoded]:
        """Decodes windows together."""

    @staticmethod
    def _timed_words(timings: Iterable[tuple[str, float, float]], length: int) -> tuple[Word, ...]:
        """Aligned texts (text, start, end, in seconds) as words, none beyond the window's `length` in samples."""
        end = length / SAMPLE_RATE
        return tuple(
            Word(word, min(start_s, end), min(end_s, end))
            for text, start_s, end_s in timings
            if (word := text.strip()) and word.strip(string.punctuation + " ")
        )
