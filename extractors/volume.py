"""Volume: RMS over active frames (librosa) and integrated loudness (ITU-R BS.1770, pyloudnorm)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aig.extractors.audio import SAMPLE_RATE, Samples
from aig.extractors.librosa_loading import load_librosa

__all__ = ["FRAME_S", "HOP_S", "Volume", "level_curve", "measure_volume"]

FRAME_S, HOP_S = 0.025, 0.01
"""Frames of 25 ms every 10 ms, whole frames only."""

_ACTIVE_BELOW_DB = 30.0
"""Frames down to this far below the loud ones (95th percentile) are active."""

_GATE_BLOCK_S = 0.4

_SETTLE = SAMPLE_RATE // 10
"""Samples in which a filter at 20 Hz settles."""

_ROUNDING = 1e-14
"""Mean squares below this (-140 dBFS) are what rounding leaves of a constant."""

_LOWEST_HZ = 20.0
"""Nobody hears what is lower."""


@dataclass(frozen=True, slots=True, eq=False)
class Volume:
    """How loud a clip is.

    Attributes:
        dbfs: RMS over the active frames in dB relative to full scale (a full-scale square wave is 0); `None` where
            every sample is zero.
        lufs: integrated loudness, in LUFS; `None` for clips shorter than 0.4 s or below its gate of -70 LUFS.
        peak_dbfs: RMS of the loudest frame; -inf where every sample is zero.
        power: mean square of each frame.
        active: which frames are not pauses, relative to the loud ones, so that gain changes nothing.
    """

    dbfs: float | None
    lufs: float | None
    peak_dbfs: float
    power: NDArray[np.float64]
    active: NDArray[np.bool_]

    @property
    def times_s(self) -> NDArray[np.float64]:
        """The centre of each frame, in seconds."""
        return np.arange(len(self.power), dtype=np.float64) * HOP_S + FRAME_S / 2


def measure_volume(samples: Samples) -> Volume:
    """Measures mono audio at 16 kHz of any length; audio shorter than a frame is one frame."""
    frame, hop = round(FRAME_S * SAMPLE_RATE), round(HOP_S * SAMPLE_RATE)
    samples = _audible(samples)
    padded = samples if len(samples) >= frame else np.pad(samples, (0, frame - len(samples)))
    rms = load_librosa().feature.rms(y=padded, frame_length=frame, hop_length=hop, center=False)[0]
    power = rms.astype(np.float64) ** 2
    power[power < _ROUNDING] = 0.0
    loud = float(np.percentile(power, 95)) or float(power.max())
    active = (power >= loud * 10 ** (-_ACTIVE_BELOW_DB / 10)) & (power > 0)
    return Volume(
        dbfs=float(10 * np.log10(power[active].mean())) if active.any() else None,
        lufs=_lufs(samples),
        peak_dbfs=float(10 * np.log10(power.max())) if power.max() > 0 else float("-inf"),
        power=power,
        active=active,
    )


def level_curve(volume: Volume) -> bytes:
    """The RMS of each tenth of a second, a byte each: half decibels below full scale, 255 for -127.5 dB and less.

    The last tenth may be a part of one.
    """
    frames = round(0.1 / HOP_S)
    starts = np.arange(0, len(volume.power), frames)
    sums = np.add.reduceat(volume.power, starts)
    mean = sums / np.diff([*starts, len(volume.power)])
    decibels = 10 * np.log10(np.maximum(mean, 1e-20))
    return np.clip(np.round(-2 * decibels), 0, 255).astype(np.uint8).tobytes()


def _audible(samples: Samples) -> Samples:
    """The samples above 20 Hz: a constant offset, as cheap sound cards add it, is not sound."""
    from scipy.signal import sosfilt

    sections, rest = _high_pass()
    before = 2 * samples[:1] - samples[_SETTLE:0:-1]  # what goes on before the clip as it begins rings in no frame
    whole = np.concatenate([before, samples]).astype(np.float64)
    heard: Samples = sosfilt(sections, whole, zi=rest * whole[:1])[0][len(before) :].astype(np.float32)
    return heard


@lru_cache(maxsize=1)
def _high_pass() -> tuple[Any, Any]:
    from scipy.signal import butter, sosfilt_zi

    sections = butter(2, _LOWEST_HZ, "highpass", fs=SAMPLE_RATE, output="sos")
    return sections, sosfilt_zi(sections)


def _lufs(samples: Samples) -> float | None:
    if len(samples) < _GATE_BLOCK_S * SAMPLE_RATE:
        return None
    with np.errstate(divide="ignore", invalid="ignore"):  # digital silence is -inf, which becomes None here
        lufs = _meter().integrated_loudness(samples.astype(np.float64))
    return float(lufs) if np.isfinite(lufs) else None


@lru_cache(maxsize=1)
def _meter() -> Any:
    import pyloudnorm

    return pyloudnorm.Meter(SAMPLE_RATE, block_size=_GATE_BLOCK_S)
