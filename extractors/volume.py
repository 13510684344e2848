"""Volume: RMS over active frames (librosa) and integrated loudness (ITU-R BS.1770, pyloudnorm)."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from extractors.audio import SAMPLE_RATE, Samples

__all__ = ["Volume", "measure_volume"]

FRAME, HOP = 400, 160
"""25 ms frames every 10 ms, in samples at 16 kHz."""

ACTIVE_BELOW_DB = 30.0
"""Frames down to this far below the loud ones (95th percentile) are active."""


@dataclass(frozen=True, slots=True)
class Volume:
    """How loud a clip is.

    Attributes:
        dbfs: RMS over the active frames in dB relative to full scale (a full-scale square wave is 0); `None` where
            every sample is zero.
        lufs: integrated loudness, in LUFS; `None` for clips shorter than 0.4 s or below its gate of -70 LUFS.
        peak_dbfs: RMS of the loudest frame; -inf where every sample is zero.
        active_s: seconds of active frames.
    """

    dbfs: float | None
    lufs: float | None
    peak_dbfs: float
    active_s: float


def measure_volume(samples: Samples) -> Volume:
    """Measures mono audio at 16 kHz."""
    import librosa

    padded = samples if len(samples) >= FRAME else np.pad(samples, (0, FRAME - len(samples)))
    power = librosa.feature.rms(y=padded, frame_length=FRAME, hop_length=HOP, center=False)[0].astype(np.float64) ** 2
    loud = np.percentile(power, 95) if power.max() > 0 else 0.0
    active = power[power >= (loud or power.max()) * 10 ** (-ACTIVE_BELOW_DB / 10)]
    with np.errstate(divide="ignore"):
        dbfs, peak = 10 * np.log10(active.mean()), 10 * np.log10(power.max())
    return Volume(
        dbfs=float(dbfs) if np.isfinite(dbfs) else None,
        lufs=_lufs(samples),
        peak_dbfs=float(peak),
        active_s=len(active) * HOP / SAMPLE_RATE,
    )


def _lufs(samples: Samples) -> float | None:
    import pyloudnorm

    if len(samples) < 0.4 * SAMPLE_RATE:
        return None
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        lufs = pyloudnorm.Meter(SAMPLE_RATE).integrated_loudness(samples.astype(np.float64))
    return float(lufs) if np.isfinite(lufs) else None
