"""Audio of known content for the extractor tests: pulse trains, sung vowels, noises, and files of every format."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

RATE = 16_000

Samples = NDArray[np.float32]


def pulses(f0_hz: float, duration_s: float = 2.0) -> Samples:
    """A pulse train, band-limited: pulses placed at 16 times the rate, then resampled."""
    fine = RATE * 16
    signal = np.zeros(int(duration_s * fine))
    at = np.round(np.arange(0, duration_s, 1 / f0_hz) * fine).astype(int)
    signal[at[at < len(signal)]] = 1
    resampled = soxr.resample(signal, fine, RATE)
    return (0.3 * resampled / np.abs(resampled).max()).astype(np.float32)


def vowel(f0_hz: float, duration_s: float = 2.0, vibrato: float = 0.0) -> Samples:
    """A sung [a]: harmonics under three formants; `vibrato` as a share of the frequency, 5.5 times a second."""
    time = np.arange(int(duration_s * RATE)) / RATE
    frequency = f0_hz * (1 + vibrato * np.sin(2 * np.pi * 5.5 * time))
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    signal = np.zeros_like(time)
    for k in range(1, int(7600 / f0_hz) + 1):
        formants = ((700, 110, 1.0), (1220, 120, 0.5), (2600, 160, 0.2))
        gain = sum(g / np.sqrt(1 + ((k * f0_hz - c) / (b / 2)) ** 2) for c, b, g in formants)
        signal += gain / np.sqrt(k) * np.sin(k * phase)
    return (0.2 * signal / np.abs(signal).max()).astype(np.float32)


def with_noise(samples: Samples, snr_db: float, seed: int = 0) -> Samples:
    """The samples with white noise at a signal-to-noise ratio."""
    noise = np.random.default_rng(seed).standard_normal(len(samples))
    noise *= np.sqrt(np.mean(samples**2) / np.mean(noise**2) / 10 ** (snr_db / 10))
    return (samples + noise).astype(np.float32)


def write_m4a(file: Path, samples: Samples, rate: int = RATE) -> None:
    """AAC in an MP4 container, which libsndfile does not read."""
    with av.open(str(file), "w", format="mp4") as container:
        stream = container.add_stream("aac", rate=rate, layout="mono")
        for start in range(0, len(samples), 1024):
            block = np.ascontiguousarray(samples[start : start + 1024], dtype=np.float32)[None]
            frame = av.AudioFrame.from_ndarray(block, format="fltp", layout="mono")
            frame.sample_rate, frame.pts = rate, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def write_every_format(folder: Path, samples: Samples, rate: int = RATE) -> list[Path]:
    """The same samples as wav of four depths, flac, ogg, mp3, aiff and m4a."""
    files = []
    for name, options in {
        "pcm16.wav": {"subtype": "PCM_16"},
        "pcm24.wav": {"subtype": "PCM_24"},
        "float.wav": {"subtype": "FLOAT"},
        "ulaw.wav": {"subtype": "ULAW"},
        "a.flac": {},
        "a.ogg": {},
        "a.mp3": {},
        "a.aiff": {},
    }.items():
        soundfile.write(folder / name, samples, rate, **options)
        files.append(folder / name)
    write_m4a(folder / "a.m4a", samples, rate)
    return [*files, folder / "a.m4a"]
