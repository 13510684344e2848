"""Key of music, by librosa's chroma and the profiles of Krumhansl and Kessler (1982).

Each key has a profile of how well the twelve tones fit it; the one that the clip's tones fit best is its key. Where two
fit about as well, as a key and its relative often do, the one whose triad is heard is, or none.
"""

from __future__ import annotations

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray

from aig.extractors.audio import SAMPLE_RATE
from aig.extractors.extractor import Absent, Extractor, Recording, Value
from aig.extractors.librosa_loading import load_librosa
from aig.extractors.music import is_music, no_music_to_measure

__all__ = ["MUSIC_KEY"]

_TONES = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
_FRAME = 4_096
_LEAST_S = 2.0
_LEAST_FIT, _LEAST_FIT_UNKNOWN = 0.6, 0.75
"""Correlation with the profile where the clip is known to be music, and where it is not."""

_LEAST_LEAD = 0.03
_OF_NEIGHBOUR = 0.3
"""A tone that is weaker than this share of the one beside it is that one's edge."""

_ALIKE = 0.6
_LEAST_TONES = 3
_TONE_SHARE = 0.06


def _measure(recording: Recording) -> Value:
    """Tonic and mode, such as `A minor`."""
    if reason := no_music_to_measure(recording, _LEAST_S):
        return Absent(reason)
    spectrum = np.abs(load_librosa().stft(recording.samples, n_fft=_FRAME, hop_length=_FRAME // 2))
    tuning = load_librosa().estimate_tuning(S=spectrum[:, ::3], sr=SAMPLE_RATE, fmax=2_000)
    heard = _chroma(round(float(tuning), 1)) @ (spectrum**2).sum(axis=1)
    if heard.min() > _ALIKE * heard.mean():
        return Absent("all twelve tones are heard alike")
    tones = _shares(heard)
    beside = np.maximum(np.roll(tones, 1), np.roll(tones, -1))
    if ((tones >= _TONE_SHARE) & (tones >= _OF_NEIGHBOUR * beside)).sum() < _LEAST_TONES:
        return Absent("fewer than three tones")
    fits = sorted(
        (float(fit), _triad(tones, index % 12, 4 if index < 12 else 3), index)
        for index, fit in enumerate(_profiles() @ ((tones - tones.mean()) / tones.std()) / 12)
    )
    (second, other_triad, at_second), (best, triad, at_best) = fits[-2], fits[-1]
    key, other = _name(at_best), _name(at_second)
    wanted = _LEAST_FIT if is_music(recording) else _LEAST_FIT_UNKNOWN
    if best < wanted:
        return Absent(f"the tones fit no key: {key} best, by {best:.2f}, less than {wanted:g}")
    if best - second >= _LEAST_LEAD or triad >= 2 * other_triad:
        return key
    return other if other_triad >= 2 * triad else Absent(f"the tones fit {key} and {other} alike")


MUSIC_KEY = Extractor("music_key", _measure)


@lru_cache(maxsize=16)
def _chroma(tuning: float) -> NDArray[np.floating]:
    """How much each bin of a spectrum belongs to each of the twelve tones; `tuning` as a share of a semitone."""
    return np.asarray(load_librosa().filters.chroma(sr=SAMPLE_RATE, n_fft=_FRAME, tuning=tuning))


@cache
def _profiles() -> NDArray[np.float64]:
    """The profiles of the 12 major and the 12 minor keys, each with mean 0 and deviation 1."""
    both = [np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)]
    profiles = np.array(both, np.float64)
    return np.asarray((profiles - profiles.mean(axis=1, keepdims=True)) / profiles.std(axis=1, keepdims=True))


def _name(index: int) -> str:
    return f"{_TONES[index % 12]} {'major' if index < 12 else 'minor'}"


def _triad(tones: NDArray[np.float64], tonic: int, third: int) -> float:
    """The weakest tone of a key's triad, as a share of all tones."""
    return float(min(tones[tonic], tones[(tonic + third) % 12], tones[(tonic + 7) % 12]))


def _shares(tones: NDArray[np.floating]) -> NDArray[np.float64]:
    """The tones above what all twelve have in common, such as noise and drums, as shares of their sum."""
    rest = np.maximum(tones - tones.min(), 0).astype(np.float64)
    return np.asarray(rest / max(float(rest.sum()), 1e-30))
