"""How much the pitch of a voice moves: a monotonous speaker's hardly does."""

from __future__ import annotations

import numpy as np

from aig.extractors.extractor import Absent, Extractor, Recording, Value
from aig.extractors.pitch import STEP_S, voice_range

__all__ = ["F0_SPREAD_ST"]

_LEAST_VOICED_S = 1.0


def _measure(recording: Recording) -> Value:
    """Standard deviation of the fundamental frequency over the voiced frames of speech, in semitones."""
    if recording.track is None or recording.f0_hz is None:
        return Absent("no pitch")
    voiced = recording.track.f0_hz[recording.track.f0_hz > 0]
    low, high = voice_range(voiced)
    voiced = voiced[(voiced >= low) & (voiced <= high)]
    if len(voiced) * STEP_S < _LEAST_VOICED_S:
        return Absent(f"only {len(voiced) * STEP_S:.2f} s are voiced, less than {_LEAST_VOICED_S:g} s")
    return float(np.std(12 * np.log2(voiced)))


F0_SPREAD_ST = Extractor("f0_spread_st", _measure)
