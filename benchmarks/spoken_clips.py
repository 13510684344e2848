"""Clips of known words for the benchmarks of recognisers: real speech from the test data, and speech by espeak-ng."""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from aig.extractors.audio import SAMPLE_RATE, Samples, read_audio

__all__ = ["Spoken", "plain", "silent_clips", "spoken_clips", "word_error_rate"]

_SENTENCES = (
    "The boy was there when the sun rose over the quiet village.",
    "A rod is used to catch pink salmon in the cold river.",
    "It is easy to tell the depth of a well when you drop a stone and listen carefully.",
    "These days a chicken leg is a rare dish, but my grandmother cooked it every Sunday.",
)
_VOICES = (("en", 150), ("en+f2", 170), ("en+m3", 130))


@dataclass(frozen=True, slots=True)
class Spoken:
    """A clip, mono at 16 kHz, and what is said in it."""

    samples: Samples
    text: str


def spoken_clips() -> list[Spoken]:
    """Real clips where AIG_TEST_DATA names the test data, and clips by espeak-ng where it is installed."""
    return [*_recorded(), *_made()]


def silent_clips() -> list[Samples]:
    """Clips of 3 to 9 s in which nobody speaks: silence, noise, a hum, a chord, beeps."""
    rng = np.random.default_rng(0)
    clips = []
    for duration_s in (3, 6, 9):
        times = np.arange(duration_s * SAMPLE_RATE) / SAMPLE_RATE
        brown = np.cumsum(rng.normal(0, 1, len(times)))
        clips += [
            np.zeros(len(times)),
            rng.normal(0, 0.003, len(times)),
            rng.normal(0, 0.1, len(times)),
            0.1 * (brown - brown.mean()) / np.abs(brown).max(),
            0.1 * np.sin(2 * np.pi * 50 * times),
            0.05 * sum(np.sin(2 * np.pi * hertz * times) for hertz in (220, 277, 330, 440)),
            0.2 * np.sin(2 * np.pi * 1000 * times) * (np.sin(4 * np.pi * times) > 0.3),
        ]
    return [np.asarray(clip, np.float32) for clip in clips]


def plain(text: str) -> list[str]:
    """The words of a text without case and punctuation."""
    return re.sub(r"[^a-z' ]", " ", text.lower().replace("mr.", "mister").replace("-", " ")).split()


def word_error_rate(said: list[str], heard: list[str]) -> float:
    """Word errors by the words said, over all texts together, without case and punctuation."""
    import jiwer

    return float(jiwer.wer([" ".join(plain(text)) for text in said], [" ".join(plain(text)) for text in heard]))


def _recorded() -> Iterator[Spoken]:
    data = Path(os.environ.get("AIG_TEST_DATA", "missing"))
    if data.is_dir():
        sources = (data / "SOURCES.md").read_text(encoding="utf-8")
        said = re.findall(r"^\| (speech/\S+?)…? \|[^|]*\| (?:male|M|F): (.+?) \|$", sources, re.MULTILINE)
        for name, text in said:
            for file in sorted((data / "audio").glob(f"{name.removesuffix('…')}*")):
                yield Spoken(read_audio(file).samples, text)


def _made() -> Iterator[Spoken]:
    if shutil.which("espeak-ng"):
        for voice, words_per_minute in _VOICES:
            for text in _SENTENCES:
                command = ["espeak-ng", "-v", voice, "-s", str(words_per_minute), "--stdout", text]
                done = subprocess.run(command, capture_output=True, check=True, timeout=60)
                samples, rate = soundfile.read(io.BytesIO(done.stdout), dtype="float32")
                yield Spoken(soxr.resample(samples, rate, SAMPLE_RATE), text)
