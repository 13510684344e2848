"""Transcripts: windows of at most 30 s, decoded by a backend, joined to one text with times and probabilities."""

from __future__ import annotations

import logging
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from aig.core.records import Word
from aig.extractors.audio import SAMPLE_RATE, Samples
from aig.extractors.hallucination import hallucination_reason
from aig.extractors.settings import WhisperSettings
from aig.extractors.whisper.batches import WHOLE, WINDOW_S, context_frames
from aig.extractors.whisper.recogniser import Backend, Decoded

__all__ = ["Transcript", "backend", "transcribe", "windows"]

log = logging.getLogger(__name__)

_REPETITIVE = 2.4
_SAID_TWICE = re.compile(r"(\w.{9,}?)\W*\b\1")
_UNSURE = -1.0
_NO_SPEECH = 0.6
_DOUBTFUL = 0.2


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in a clip.

    Attributes:
        text: the words; empty where none were recognised.
        words: with their times in the clip, in seconds.
        no_speech_prob: probability of no speech, 0 to 1, mean over the windows weighted by their length.
        avg_logprob: mean log probability per token, weighted likewise.
        language: ISO 639-1 code of the window with most text.
    """

    text: str
    words: tuple[Word, ...]
    no_speech_prob: float
    avg_logprob: float
    language: str

    @property
    def heard_speech(self) -> bool:
        """Whether the recogniser heard speech that a measurement may rest on.

        Not so where it wrote nothing, or is both unsure of its words and inclined to hear no speech at all: what it
        writes about robins and chainsaws.
        """
        return bool(self.text) and not (self.avg_logprob < _UNSURE and self.no_speech_prob > _DOUBTFUL)


@lru_cache(maxsize=1)
def backend(settings: WhisperSettings) -> Backend:
    """The backend of these settings, loaded at the first call in a process and kept."""
    if settings.backend == "openai-whisper":
        from aig.extractors.whisper.openai_whisper import OpenAIWhisper

        return OpenAIWhisper(settings)
    from aig.extractors.whisper.faster_whisper import FasterWhisper

    return FasterWhisper(settings)


def windows(samples: Samples) -> list[Samples]:
    """Cuts audio into windows of at most 30 s, each cut at the quietest 0.2 s of the window's last third.

    The windows joined are the audio. Audio of up to 30 s is one window.
    """
    most, least, hop = int(WINDOW_S * SAMPLE_RATE), int(WINDOW_S * SAMPLE_RATE * 2 / 3), SAMPLE_RATE // 5
    cut: list[Samples] = []
    while len(samples) > most:
        energy = np.square(samples[least:most]).reshape(-1, hop).sum(axis=1)
        at = least + int(energy.argmin()) * hop + hop // 2
        cut.append(samples[:at])
        samples = samples[at:]
    return [*cut, samples]


def transcribe(clips: Sequence[Samples], settings: WhisperSettings, recogniser: Backend) -> Iterator[Transcript]:
    """Transcribes clips, mono at 16 kHz, all their windows in one batch; one transcript each, in the same order.

    The encoder hears as much of the 30 s as a clip needs (`settings.context`). Where the text that comes of it is not
    to be trusted, the window is decoded again over the whole 30 s, for which Whisper was trained, and that result
    counts.

    A window whose text repeats itself (compressed to less than 1/2.4) or is unsure (mean log probability below -1) is
    decoded again at the next temperature (Radford et al. 2022, section 4.5), and the best attempt stays; one that most
    likely holds no speech is not, and its text is dropped if it is unsure.
    """
    cut = [windows(samples) for samples in clips]
    flat = [window for parts in cut for window in parts]
    first = settings.temperatures[0]
    decoded = recogniser.decode(flat, first, whole=settings.context == "whole")
    if settings.context == "clip":
        doubtful = [index for index, result in enumerate(decoded) if _doubtful(flat[index], result)]
        results = recogniser.decode([flat[index] for index in doubtful], first, whole=True) if doubtful else []
        for index, result in zip(doubtful, results, strict=True):
            decoded[index] = result
        log.info("%d of %d windows were decoded again over the whole 30 s", len(doubtful), len(flat))
    for temperature in settings.temperatures[1:]:
        again = [index for index, result in enumerate(decoded) if _failed(result)]
        if again:
            results = recogniser.decode([flat[index] for index in again], temperature, whole=True)
            for index, result in zip(again, results, strict=True):
                decoded[index] = max(decoded[index], result, key=lambda each: (not _repetitive(each), each.avg_logprob))
    rest = iter(decoded)
    for parts in cut:
        yield _join([(window, _heard(next(rest))) for window in parts])


def _doubtful(window: Samples, result: Decoded) -> bool:
    """Whether what was decoded with a short context needs the whole one: most often a loop, or a text said twice.

    That nobody speaks is heard just as well with a short one.
    """
    if context_frames(len(window)) == WHOLE or _no_speech(result):
        return False
    return (
        result.avg_logprob < _UNSURE
        or _repetitive(result)
        or _SAID_TWICE.search(result.text.lower()) is not None
        or hallucination_reason(result.text, len(window) / SAMPLE_RATE) is not None
    )


def _failed(result: Decoded) -> bool:
    return not _no_speech(result) and (_repetitive(result) or result.avg_logprob < _UNSURE)


def _no_speech(result: Decoded) -> bool:
    return result.no_speech_prob > _NO_SPEECH and result.avg_logprob < _UNSURE


def _repetitive(result: Decoded) -> bool:
    content = result.text.encode()
    return len(content) > 0 and len(content) / len(zlib.compress(content)) > _REPETITIVE


def _heard(result: Decoded) -> Decoded:
    return replace(result, text="", words=()) if _no_speech(result) else result


def _join(parts: list[tuple[Samples, Decoded]]) -> Transcript:
    lengths = np.array([len(window) for window, _ in parts], float)
    words: list[Word] = []
    offset = 0.0
    for window, result in parts:
        words += [Word(w.text, round(w.start_s + offset, 3), round(w.end_s + offset, 3)) for w in result.words]
        offset += len(window) / SAMPLE_RATE
    return Transcript(
        text=" ".join(text for _, result in parts if (text := result.text.strip())),
        words=tuple(words),
        no_speech_prob=float(np.average([result.no_speech_prob for _, result in parts], weights=lengths)),
        avg_logprob=float(np.average([result.avg_logprob for _, result in parts], weights=lengths)),
        language=max(parts, key=lambda part: len(part[1].text))[1].language,
    )
