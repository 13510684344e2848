"""Fundamental frequency by Praat: mean over the voiced frames of speech, robust to octave errors."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aig.extractors.audio import SAMPLE_RATE, Samples
from aig.extractors.settings import PitchSettings
from aig.extractors.threads import one_core

__all__ = ["STEP_S", "PitchTrack", "f0_track", "mean_f0_hz", "too_high", "voice_range"]

Array = NDArray[np.float64]

STEP_S = 0.01
"""Time between the frames of a track, in seconds."""

_COARSE_STEP_S = 0.05
_FEWEST_COARSE = 4
_FEWEST_CANDIDATES = 4
_HIGHEST_HZ = 4_000.0
"""How far above the ceiling a voice, or a bird, is looked for."""

_SHARE_ABOVE = 0.1
"""From this share of a voice on, what lies above the ceiling is not an error of the track."""

_SAME_NOTE = 0.03
"""Half a semitone: how far a harmonic may lie from the whole number of times that it is the fundamental's."""

_OCTAVE_COST = 0.02
"""Twice Praat's own: a voice an octave above the one before it is not followed at half its frequency."""
_OCTAVE_JUMP_COST = 0.35
"""Praat's own, in the fine pass; the coarse one is free to jump, so that two speakers both count."""


@dataclass(frozen=True, slots=True)
class PitchTrack:
    """Fundamental frequency over time: `times_s` and `f0_hz`, of equal length; 0 Hz where unvoiced."""

    times_s: Array
    f0_hz: Array


def f0_track(
    samples: Samples, settings: PitchSettings, spans_s: Sequence[tuple[float, float]] | None = None
) -> PitchTrack:
    """Praat's autocorrelation method (Boersma 1993) in two passes (De Looze and Hirst 2008).

    A coarse pass over the whole range finds the quartiles of this voice; the fine one looks from 0.75 times the first
    to 1.5 times the third quartile, which leaves octave errors no room.

    Args:
        samples: mono at 16 kHz.
        settings: the whole range.
        spans_s: where speech is, start and end in seconds; frames elsewhere count as unvoiced. `None`: everywhere.
    """
    coarse = _inside(_analysed(samples, 2, _COARSE_STEP_S, settings.floor_hz, settings.ceiling_hz, 0.0), spans_s)
    voiced = coarse.f0_hz[coarse.f0_hz > 0]
    floor, ceiling = settings.floor_hz, settings.ceiling_hz
    if len(voiced) >= _FEWEST_COARSE:
        low, high = voice_range(voiced)
        floor, ceiling = max(floor, low), min(ceiling, high)
    return _inside(_analysed(samples, 1, STEP_S, floor, ceiling, _OCTAVE_JUMP_COST), spans_s)


def mean_f0_hz(track: PitchTrack, active_s: float, settings: PitchSettings) -> tuple[float | None, str | None]:
    """Mean fundamental frequency in Hz over the voiced frames, or `None` and the reason.

    Frames outside the voice's range, taken again from the fine track, are left out: in noise the coarse one errs.

    Args:
        track: of the clip.
        active_s: seconds of speech, or of sound where nobody looked for speech.
        settings: how much voice it takes.
    """
    voiced = track.f0_hz[track.f0_hz > 0]
    voiced_s = len(voiced) * STEP_S
    if voiced_s < settings.min_voiced_s:
        return None, f"only {voiced_s:.2f} s are voiced"
    if voiced_s < settings.min_voiced_share * active_s:
        return None, f"only {voiced_s / active_s:.0%} of the sound or speech is voiced"
    low, high = voice_range(voiced)
    return float(voiced[(voiced >= low) & (voiced <= high)].mean()), None


def too_high(
    samples: Samples,
    track: PitchTrack,
    settings: PitchSettings,
    spans_s: Sequence[tuple[float, float]] | None = None,
) -> str | None:
    """Why a track is not the voice's: a part of it lies above the ceiling; `None` where it does not.

    A voice above the ceiling has its octave below, or its twelfth, in the upper half of the range, where it is found
    with all certainty. So whoever seems to be up there is looked at once more with a higher ceiling.

    Args:
        samples: mono at 16 kHz.
        track: of these samples.
        settings: the range.
        spans_s: where speech is; `None`: everywhere.
    """
    voiced = track.f0_hz[track.f0_hz > 0]
    if not len(voiced):
        return None
    low, high = voice_range(voiced)
    if np.mean((voiced >= settings.ceiling_hz / 2) & (voiced <= high)) <= _SHARE_ABOVE:
        return None
    ceiling = max(_HIGHEST_HZ, settings.ceiling_hz)
    wide = _inside(_analysed(samples, 1, _COARSE_STEP_S, settings.floor_hz, ceiling, 0.0), spans_s)
    found = np.interp(wide.times_s, track.times_s, track.f0_hz, left=0.0, right=0.0)
    counted = (found >= low) & (found <= high)
    times = wide.f0_hz[counted] / found[counted]
    parts = (wide.f0_hz[counted] > settings.ceiling_hz) & (np.abs(times - np.round(times)) < _SAME_NOTE * times)
    share = float(np.mean(parts)) if len(parts) else 0.0
    if share <= _SHARE_ABOVE:
        return None
    return f"{share:.0%} of the voice lie above {settings.ceiling_hz:g} Hz, the highest that is looked for"


def voice_range(voiced: Array) -> tuple[float, float]:
    """The range of a voice: from 0.75 times the first to 1.5 times the third quartile of its frames."""
    low, high = np.percentile(voiced, (25, 75))
    return 0.75 * float(low), 1.5 * float(high)


def _analysed(
    samples: Samples, decimate: int, step_s: float, floor_hz: float, ceiling_hz: float, octave_jump_cost: float
) -> PitchTrack:
    import parselmouth
    import soxr

    rate = SAMPLE_RATE // decimate
    if len(samples) <= SAMPLE_RATE * (3 / floor_hz + step_s):  # one analysis window is three periods of the floor
        return PitchTrack(np.zeros(0), np.zeros(0))
    if decimate > 1:
        samples = soxr.resample(samples, SAMPLE_RATE, rate, quality="HQ")
    sound = parselmouth.Sound(samples.astype(np.float64), rate)
    with one_core():
        pitch = sound.to_pitch_ac(
            time_step=step_s,
            pitch_floor=floor_hz,
            pitch_ceiling=ceiling_hz,
            max_number_of_candidates=max(_FEWEST_CANDIDATES, math.ceil(ceiling_hz / floor_hz) + 1),
            octave_cost=_OCTAVE_COST,
            octave_jump_cost=octave_jump_cost,
        )
    return PitchTrack(np.asarray(pitch.xs()), np.asarray(pitch.selected_array["frequency"]))


def _inside(track: PitchTrack, spans_s: Sequence[tuple[float, float]] | None) -> PitchTrack:
    if spans_s is None:
        return track
    inside = np.zeros(len(track.times_s), bool)
    for start, end in spans_s:
        inside |= (track.times_s >= start) & (track.times_s <= end)
    return PitchTrack(track.times_s, np.where(inside, track.f0_hz, 0.0))
