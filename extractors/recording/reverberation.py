"""Reverberation time, from how fast speech dies away.

No sound in a room dies away faster than the room lets it. So of all the stretches in which a band of frequencies falls
steadily, the fast ones tell the room's time (Löllmann et al. 2010, An improved algorithm for blind reverberation time
estimation). What a quarter of them stay below was found on speech in rooms of known time: the estimate is within a
quarter for clips of 8 s or more in which the room is about as loud as the direct sound, and lower for a close speaker.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aig.extractors.audio import SAMPLE_RATE, Samples
from aig.extractors.extractor import Absent, Extractor, Recording, Value
from aig.extractors.music import not_speech

__all__ = ["REVERBERATION_S"]

Array = NDArray[np.float64]

_FRAME, _HOP = 512, 128
_BANDS_HZ = ((250, 500), (500, 1000), (1000, 2000), (2000, 4000))
_LONG, _SHORT = (28, 6.0), (20, 5.0)
"""Frames of a stretch, and by how many dB it falls at least."""

_LONG_PER_S, _SHORT_PER_S = 4.0, 9.0
"""Where there are fewer such stretches per second of speech, the room is too dry for them."""

_LONG_TIMES = ((0.49, 0.45), (0.60, 0.60), (0.75, 0.80), (0.90, 1.00), (1.10, 1.30), (1.28, 1.60), (1.48, 2.0))
_SHORT_TIMES = ((0.37, 0.30), (0.47, 0.45), (0.58, 0.60))
"""The quarter of the times found, and the room's time, both in seconds."""

_DRY_S = 0.2
"""Stands for all that is below 0.3 s, which speech itself does not fall fast enough to show."""

_LEAST_S = 4.0
_LEAST_SNR_DB = 15.0
_DRY_SNR_DB = 25.0


def _measure(recording: Recording) -> Value:
    """Time in which sound falls by 60 dB, in seconds, 0.2 to 2."""
    if reason := not_speech(recording):
        return Absent(reason)
    spoken = sum(end - start for start, end in recording.spans)
    if spoken < _LEAST_S:
        return Absent(f"less than {_LEAST_S:g} s of speech")
    snr = recording.found.get("snr_db")
    if not isinstance(snr, float) or snr < _LEAST_SNR_DB:
        return Absent(f"noise may hide how it dies away: less than {_LEAST_SNR_DB:g} dB, or not known")
    levels = _levels(recording.samples)
    long = _times(levels, *_LONG)
    if len(long) >= _LONG_PER_S * spoken:
        return _room(long, _LONG_TIMES)
    short = _times(levels, *_SHORT)
    if len(short) >= _SHORT_PER_S * spoken:
        return _room(short, _SHORT_TIMES)
    if snr < _DRY_SNR_DB:
        return Absent("too few sounds die away steadily above the noise")
    return _DRY_S


REVERBERATION_S = Extractor("reverberation_s", _measure)


def _room(times: Array, known: tuple[tuple[float, float], ...]) -> float:
    found, rooms = zip(*known, strict=True)
    return float(np.interp(np.quantile(times, 0.25), found, rooms))


def _levels(samples: Samples) -> Array:
    """Level of each frame and band, in dB."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    spectrum = np.fft.rfft(frames * np.hanning(_FRAME).astype(np.float32), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    hertz = np.fft.rfftfreq(_FRAME, 1 / SAMPLE_RATE)
    bands = [power[:, (hertz >= low) & (hertz < high)].sum(axis=1) for low, high in _BANDS_HZ]
    return np.asarray(10 * np.log10(np.stack(bands, axis=1) + 1e-12), np.float64)


def _times(levels: Array, length: int, drop_db: float) -> Array:
    """The time to fall by 60 dB of each stretch that falls steadily, in seconds."""
    times = np.arange(length) * _HOP / SAMPLE_RATE
    centred = times - times.mean()
    found = []
    floors, tops = np.quantile(levels, (0.05, 0.95), axis=0)
    for level, floor, top in zip(levels.T, floors + 6, tops - 25, strict=True):
        stretches = np.lib.stride_tricks.sliding_window_view(level, length)
        slope = stretches @ centred / (centred @ centred)
        use = (-slope * times[-1] > drop_db) & (stretches[:, -1] > floor) & (stretches[:, 0] > top)
        stretches, slope = stretches[use], slope[use]
        error = stretches - stretches.mean(axis=1, keepdims=True) - slope[:, None] * centred
        found.append(-60 / slope[np.sqrt((error**2).mean(axis=1)) < 1.5])
    return np.concatenate(found)
