"""Clips for the extraction benchmarks: speech-like audio of any length, synthesised, so that no data is needed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from aig.core.records import Clip

RATE = 16_000


def speech_like(duration_s: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Vowels with a gliding F0, consonants of noise between them, pauses between phrases, and a room's noise."""
    time = np.arange(round(duration_s * RATE)) / RATE
    f0 = rng.uniform(90, 240) * 2 ** (0.15 * np.sin(2 * np.pi * 0.4 * time + rng.uniform(0, 6)))
    phase = 2 * np.pi * np.cumsum(f0) / RATE
    voice = np.zeros_like(time)
    for harmonic in range(1, 25):
        frequency = harmonic * float(f0.mean())
        gain = sum(weight / (1 + ((frequency - formant) / 90) ** 2) for formant, weight in ((600, 1), (1300, 0.5)))
        voice += (gain + 0.02) * np.sin(harmonic * phase)
    syllables = np.clip(np.sin(2 * np.pi * 4 * time), 0, 1)
    phrases = np.sin(2 * np.pi * time / 2.5) > -0.6
    consonants = np.clip(-np.sin(2 * np.pi * 4 * time), 0, 1) * rng.normal(0, 0.03, len(time))
    speech = (voice / np.abs(voice).max() * syllables + consonants) * phrases
    samples: NDArray[np.float64] = 0.3 * (speech + rng.normal(0, 0.003, len(time)))
    return samples


def written(folder: Path, count: int, shortest_s: float = 3.0, longest_s: float = 10.0) -> tuple[list[Clip], float]:
    """Writes wav files of 16 bits; returns their clips and how many seconds they hold together."""
    rng = np.random.default_rng(0)
    clips, seconds = [], 0.0
    for index in range(count):
        signal = speech_like(rng.uniform(shortest_s, longest_s), rng)
        soundfile.write(folder / f"{index}.wav", signal, RATE)
        clips.append(Clip(audio_id=f"bench/{index}", dataset="bench", path=f"{index}.wav"))
        seconds += len(signal) / RATE
    return clips, seconds
