"""Recordings of known noise, room, tempo and key for the tests of what is measured on them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import soundfile

from aig.core.records import Clip, Features
from aig.extractors.audio import Audio, read_audio
from aig.extractors.extractor import Absent, Recording, Value
from aig.extractors.measure import measure_clips
from aig.extractors.registry import EXTRACTORS
from aig.extractors.settings import ExtractSettings
from aig.extractors.voice import measure_voice
from aig.extractors.volume import measure_volume
from helpers.voices import RATE, Samples

SPEECH = ("librispeech_1272-128104-0000.flac", "libritts_480_127525_000006_000000.wav", "ljspeech_LJ001-0012.wav")
"""Clips of different speakers whose own noise lies 40 dB below them or more."""


def speech(shared_data: Path, name: str) -> Samples:
    return read_audio(shared_data / "audio" / "speech" / name).samples


def values(samples: Samples, **clip: Any) -> dict[str, Value]:
    """What every extractor finds in samples at 16 kHz."""
    samples = samples.astype(np.float32)
    volume = measure_volume(samples)
    voice = measure_voice(samples, volume, None, ExtractSettings())
    found: dict[str, float | str] = {}
    annotated = Clip(audio_id="x/1", dataset="x", **clip)
    recording = Recording(
        clip=annotated,
        audio=Audio(samples, RATE),
        volume=volume,
        track=voice.track,
        f0_hz=voice.f0_hz,
        spans=voice.spans,
        found=found,
    )
    every: dict[str, Value] = {}
    for extractor in EXTRACTORS:
        value = every[extractor.name] = extractor.measure(recording)
        if not isinstance(value, Absent):
            found[extractor.name] = value
    return every


def measured_file(folder: Path, samples: Samples, rate: int, name: str = "a.wav", **options: Any) -> Features:
    """The features of samples written to a file."""
    soundfile.write(folder / name, samples, rate, **options)
    clip = Clip(audio_id="x/1", dataset="x", path=name)
    (result,) = measure_clips([clip], str(folder), ExtractSettings(whisper=None))
    assert isinstance(result, Features)
    return result


def noise(kind: str, length: int, seed: int = 0) -> Samples:
    """White, pink or brown noise."""
    rng = np.random.default_rng(seed)
    hertz = np.fft.rfftfreq(length, 1 / RATE)
    slope = {"white": 0.0, "pink": 0.5, "brown": 1.0}[kind]
    spectrum = (rng.standard_normal(len(hertz)) + 1j * rng.standard_normal(len(hertz))) / np.maximum(hertz, 50) ** slope
    return np.fft.irfft(spectrum, length).astype(np.float32)


def mixed(samples: Samples, added: Samples, snr_db: float) -> Samples:
    """Samples with noise at a ratio of their powers over the whole clip."""
    gain = np.sqrt(np.mean(samples**2) / np.mean(added**2) / 10 ** (snr_db / 10))
    return (samples + gain * added).astype(np.float32)


def in_room(samples: Samples, reverberation_s: float, direct_db: float = 3.0, seed: int = 0) -> Samples:
    """Samples in a room: a direct sound, and noise that dies away by 60 dB in the given time."""
    from scipy.signal import fftconvolve

    times = np.arange(int(RATE * reverberation_s * 1.2)) / RATE
    tail = np.random.default_rng(seed).standard_normal(len(times)) * 10 ** (-3 * times / reverberation_s)
    tail[: int(0.003 * RATE)] = 0
    tail *= np.sqrt(10 ** (-direct_db / 10) / np.sum(tail**2))
    tail[0] = 1
    return fftconvolve(samples, tail)[: len(samples)].astype(np.float32)


def clicks(bpm: float, duration_s: float) -> Samples:
    """A metronome."""
    samples = np.zeros(int(duration_s * RATE))
    times = np.arange(400) / RATE
    click = 0.5 * np.sin(2 * np.pi * 1000 * times) * np.exp(-200 * times)
    for at in (np.arange(0.1, duration_s - 0.1, 60 / bpm) * RATE).astype(int):
        samples[at : at + len(click)] += click
    return samples.astype(np.float32)


def tone(pitch: int, duration_s: float) -> Samples:
    """A note of six harmonics; `pitch` as a number of MIDI, 69 is 440 Hz."""
    times = np.arange(int(duration_s * RATE)) / RATE
    f0_hz = 440 * 2 ** ((pitch - 69) / 12)
    wave = sum(np.sin(2 * np.pi * f0_hz * k * times) / k**1.5 for k in range(1, 7) if f0_hz * k < RATE / 2)
    edges = np.minimum(1, np.minimum(times / 0.01, (duration_s - times) / 0.05))
    return (0.1 * wave * edges).astype(np.float32)
