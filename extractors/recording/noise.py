"""Signal-to-noise ratio of speech, by the least power of each band of frequencies.

Speech leaves each band again and again, also where it never pauses as a whole; what remains then is noise. The lowest
twentieth of the smoothed power of a band, corrected by what the same step makes of noise of known power, is the noise
in it (after Martin 2001, Noise power spectral density estimation based on optimal smoothing and minimum statistics).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from aig.extractors.audio import SAMPLE_RATE, Samples
from aig.extractors.extractor import Absent, Extractor, Recording, Value
from aig.extractors.music import not_speech

__all__ = ["SNR_DB"]

Array = NDArray[np.float64]

_FRAME, _HOP = 512, 256
_SMOOTH = 9
"""Frames, 144 ms together."""

_QUANTILE = 0.05
_PAUSING = 0.5
"""Share of the time in which speech leaves a band, so that the quantile is taken from that."""

_EDGES = np.unique(np.round(np.geomspace(1, _FRAME // 2 + 1, 28)).astype(int))
_LEAST_S = 2.0
_STEADY_DB = 2.5
"""Where the level varies less, speech and noise cannot be told apart."""

_LOWEST_DB, _HIGHEST_DB = -5.0, 60.0


def _measure(recording: Recording) -> Value:
    """Power of the speech over that of the noise, over the whole clip, in dB."""
    if reason := not_speech(recording):
        return Absent(reason)
    if recording.audio.duration_s < _LEAST_S:
        return Absent(f"{recording.audio.duration_s:.2f} s, shorter than {_LEAST_S:g} s")
    frames, smooth = _bands(recording.samples)
    total = float(frames.mean(axis=0).sum())
    noise = float((np.quantile(smooth, _QUANTILE, axis=0) / _of_noise()).sum())
    if total <= 0:
        return Absent("silent")
    if noise <= total * 10 ** (-_HIGHEST_DB / 10):
        return _HIGHEST_DB
    low, high = np.quantile(smooth.sum(axis=1), (0.1, 0.9))
    if high < low * 10 ** (_STEADY_DB / 10) or total - noise <= noise * 10 ** (_LOWEST_DB / 10):
        return Absent("the level hardly varies, so that noise cannot be told from speech")
    return min(_HIGHEST_DB, float(10 * np.log10((total - noise) / noise)))


SNR_DB = Extractor("snr_db", _measure)


def _bands(samples: Samples) -> tuple[Array, Array]:
    """Power in each frame and band, and the same smoothed over time."""
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    spectrum = np.fft.rfft(frames * np.hanning(_FRAME).astype(np.float32), axis=1)
    power = (spectrum.real**2 + spectrum.imag**2).astype(np.float64)
    bands = np.add.reduceat(power, _EDGES[:-1], axis=1)
    sums = np.cumsum(np.vstack([np.zeros((1, bands.shape[1])), bands]), axis=0)
    return bands, (sums[_SMOOTH:] - sums[:-_SMOOTH]) / _SMOOTH


@lru_cache(maxsize=1)
def _of_noise() -> Array:
    """What the quantile is of noise alone, as a share of its power, in each band."""
    noise = np.random.default_rng(0).standard_normal(60 * SAMPLE_RATE).astype(np.float32)
    frames, smooth = _bands(noise)
    share: Array = np.quantile(smooth, _QUANTILE / _PAUSING, axis=0) / frames.mean(axis=0)
    return share
