"""Fundamental frequency by Praat: mean over the voiced frames of speech, robust to octave errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from extractors.audio import SAMPLE_RATE, Samples
from extractors.settings import PitchSettings

__all__ = ["PitchTrack", "f0_track", "mean_f0_hz"]

Array = NDArray[np.float64]

STEP_S = 0.01


@dataclass(frozen=True, slots=True)
class PitchTrack:
    """Fundamental frequency over time: `times_s` and `f0_hz`, of equal length; 0 Hz where unvoiced."""

    times_s: Array
    f0_hz: Array


def f0_track(samples: Samples, settings: PitchSettings) -> PitchTrack:
    """Praat's autocorrelation method (Boersma 1993) in two passes, after De Looze and Hirst (2008).

    The first pass covers the whole range; the second takes its best path below a ceiling of 1.5 times (2.5 times for
    lively voices) the third quartile... see `mean_f0_hz` for what is made of it.
    """
    import parselmouth

    if len(samples) < SAMPLE_RATE * 3 / settings.floor_hz + 1:
        return PitchTrack(np.zeros(0), np.zeros(0))
    sound = parselmouth.Sound(samples.astype(np.float64), SAMPLE_RATE)
    pitch = sound.to_pitch_ac(
        time_step=STEP_S, pitch_floor=settings.floor_hz, pitch_ceiling=settings.ceiling_hz, voicing_threshold=0.5
    )
    return PitchTrack(np.asarray(pitch.xs()), np.asarray(pitch.selected_array["frequency"]))


def mean_f0_hz(
    track: PitchTrack, spans_s: Sequence[tuple[float, float]] | None, active_s: float, settings: PitchSettings
) -> tuple[float | None, str | None]:
    """Mean fundamental frequency in Hz, or `None` and the reason.

    Args:
        track: of the whole clip.
        spans_s: where speech was recognised, start and end in seconds; `None`: no recogniser was asked.
        active_s: seconds of the clip that are not silent.
        settings: how much voice it takes.
    """
    f0 = track.f0_hz
    if spans_s is not None:
        inside = np.zeros(len(f0), bool)
        for start, end in spans_s:
            inside |= (track.times_s >= start) & (track.times_s <= end)
        f0 = f0[inside]
        active_s = len(f0) * STEP_S
        if not len(f0):
            return None, "no speech was recognised"
    voiced = f0[f0 > 0]
    voiced_s = len(voiced) * STEP_S
    if voiced_s < settings.min_voiced_s:
        return None, f"only {voiced_s:.2f} s are voiced"
    if voiced_s < settings.min_voiced_share * active_s:
        return None, f"only {voiced_s / active_s:.0%} of the sound is voiced"
    low, high = np.percentile(voiced, (25, 75))
    kept = voiced[(voiced >= 0.75 * low) & (voiced <= 1.5 * high)]
    return float(kept.mean()), None
