"""Pauses of a speaker: how much of the time, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aig.extractors.extractor import Absent, Extractor, Recording, Value
from aig.extractors.music import not_speech
from aig.extractors.volume import HOP_S

__all__ = ["PAUSES_PER_MIN", "PAUSE_SHARE"]

_SHORTEST_S = 0.25
"""Shorter ones belong to the sounds of speech, as before a p (Goldman-Eisler 1968, Psycholinguistics)."""

_LEAST_S = 3.0
_LEAST_SNR_DB = 15.0
_ABOVE_NOISE = 4.0
_SMOOTH = 3


@dataclass(frozen=True, slots=True)
class _Pauses:
    lengths_s: Sequence[float]
    span_s: float


def _pauses(recording: Recording) -> _Pauses | Absent:
    """The pauses between the first and the last active frame of speech."""
    if reason := not_speech(recording):
        return Absent(reason)
    snr = recording.found.get("snr_db")
    if not isinstance(snr, float):
        return Absent("the noise is not known, which may fill the pauses")
    if snr < _LEAST_SNR_DB:
        return Absent(f"noise may fill the pauses: {snr:.0f} dB, less than {_LEAST_SNR_DB:g} dB")
    power = np.convolve(recording.volume.power, np.full(_SMOOTH, 1 / _SMOOTH), mode="same")
    noise = recording.volume.power.mean() / (1 + 10 ** (snr / 10))
    loud = power >= max(float(np.percentile(power, 95)) / 1000, _ABOVE_NOISE * noise)
    times = recording.volume.times_s
    spoken = loud & (times >= recording.spans[0][0]) & (times <= recording.spans[-1][1])
    at = np.flatnonzero(spoken)
    if len(at) < 2 or (at[-1] - at[0]) * HOP_S < _LEAST_S:
        return Absent(f"less than {_LEAST_S:g} s of speech")
    gaps = (np.diff(at) - 1) * HOP_S
    return _Pauses([float(gap) for gap in gaps if gap >= _SHORTEST_S], float(at[-1] - at[0]) * HOP_S)


def _share(recording: Recording) -> Value:
    """Share of the spoken time, from its first to its last sound, that is pauses of at least 0.25 s, 0 to 1."""
    found = _pauses(recording)
    return found if isinstance(found, Absent) else sum(found.lengths_s) / found.span_s


def _rate(recording: Recording) -> Value:
    """Pauses of at least 0.25 s per minute of the spoken time."""
    found = _pauses(recording)
    return found if isinstance(found, Absent) else 60 * len(found.lengths_s) / found.span_s


PAUSE_SHARE = Extractor("pause_share", _share)
PAUSES_PER_MIN = Extractor("pauses_per_min", _rate)
