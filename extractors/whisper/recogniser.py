"""What a Whisper backend is: windows of audio in, text with times and probabilities out."""

from __future__ import annotations

import logging
import string
from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from aig.core.records import Word
from aig.extractors.audio import SAMPLE_RATE, Samples
from aig.extractors.settings import WhisperSettings
from aig.extractors.whisper.batches import CPU_BATCH, MOST, WHOLE, Dimensions, context_frames, room_for

__all__ = ["PUNCTUATION_AFTER", "PUNCTUATION_BEFORE", "SEED", "Backend", "BatchedBackend", "Decoded"]

log = logging.getLogger(__name__)

SEED = 0
"""Sampling starts from this seed in every window, so that a result depends on nothing but the window."""

PUNCTUATION_BEFORE = "\"'“¿([{-"
"""Marks that belong to the word after them, as in Whisper's own `transcribe`."""

PUNCTUATION_AFTER = "\"'.。,，!！?？:：”)]}、"
"""Marks that belong to the word before them."""

_GPU_BATCH = 16
"""Windows together on a GPU of unknown memory."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a backend says of one window; times count from the window's start."""

    text: str
    words: tuple[Word, ...]
    no_speech_prob: float
    avg_logprob: float
    language: str


class Backend(Protocol):
    """A recogniser that is loaded once per process.

    Attributes:
        together: how many windows it decodes together at most; some times as many are handed over at once.
    """

    together: int

    def decode(self, batch: Sequence[Samples], temperature: float, *, whole: bool) -> list[Decoded]:
        """Decodes windows of at most 30 s, one result each, in the same order.

        Args:
            batch: the windows.
            temperature: of the sampling; 0 takes the likeliest token.
            whole: whether the encoder has to hear 30 s of every window, the rest of them silent; otherwise it may
                hear as much as a window holds.
        """
        ...


class BatchedBackend(ABC):
    """A Whisper model that decodes windows of like length together, as many as its device has room for."""

    def __init__(
        self, settings: WhisperSettings, *, on_gpu: bool, dims: Dimensions, free_bytes: int | None = None
    ) -> None:
        """Takes what its device allows for.

        Args:
            settings: of the recogniser.
            on_gpu: whether the model is on a GPU.
            dims: the model's.
            free_bytes: memory of the GPU beside the model, as far as it is known.
        """
        self._half = on_gpu if settings.half is None else settings.half
        self._word_times = settings.word_times
        self._dims, self._free_bytes = dims, None if settings.batch else free_bytes
        self.together = settings.batch or (CPU_BATCH if not on_gpu else MOST if free_bytes else _GPU_BATCH)

    def decode(self, batch: Sequence[Samples], temperature: float, *, whole: bool) -> list[Decoded]:
        """Decodes windows of at most 30 s, one result each, in the same order; see `Backend`."""
        contexts = [WHOLE if whole else context_frames(len(window)) for window in batch]
        order = sorted(range(len(batch)), key=lambda index: len(batch[index]))
        decoded: dict[int, Decoded] = {}
        for frames, alike in groupby(order, key=lambda index: contexts[index]):
            rest = list(alike)
            while rest:
                room = 1 if temperature else self._room(frames)  # windows together would share one stream of chances
                some, rest = rest[:room], rest[room:]
                decoded.update(zip(some, self._fitting([batch[i] for i in some], temperature, frames), strict=True))
        return [decoded[index] for index in range(len(batch))]

    def _room(self, frames: int) -> int:
        if self._free_bytes is None:
            return self.together
        return min(self.together, room_for(self._free_bytes, self._dims, frames, half=self._half))

    def _fitting(self, batch: list[Samples], temperature: float, frames: int) -> list[Decoded]:
        """Decodes windows together; in halves, from now on, where the GPU's memory turns out not to hold them."""
        try:
            return self._decode(batch, temperature, frames)
        except RuntimeError as error:
            if len(batch) == 1 or "out of memory" not in str(error):
                raise
        self.together = len(batch) // 2
        log.warning("%d windows together take more memory than there is; from now on %d", len(batch), self.together)
        first, second = batch[: self.together], batch[self.together :]
        return self._fitting(first, temperature, frames) + self._fitting(second, temperature, frames)

    @abstractmethod
    def _decode(self, batch: Sequence[Samples], temperature: float, frames: int) -> list[Decoded]:
        """Decodes windows together, each padded with silence to a spectrogram of `frames` frames."""

    @staticmethod
    def _timed_words(timings: Iterable[tuple[str, float, float]], length: int) -> tuple[Word, ...]:
        """Aligned texts (text, start, end, in seconds) as words, none beyond the window's `length` in samples."""
        end = length / SAMPLE_RATE
        return tuple(
            Word(word, min(start_s, end), min(end_s, end))
            for text, start_s, end_s in timings
            if (word := text.strip()) and word.strip(string.punctuation + " ")
        )
