"""Key of music, by librosa's chroma and the profiles of Krumhansl and Kessler (1982).

Each key has a profile of how well the twelve tones fit it; the one that the clip's tones fit best is its key. Where two
fit about as well, as a key and its relative often do, the one whose triad is heard is, or none.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aig.extractors.audio import SAMPLE_RATE
from aig.extractors.extractor import Absent, Extractor, Recording, Value
from aig.extractors.music import is_music, not_music

__all__ = ["MUSIC_KEY"]

_TONES = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
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
    import librosa

    if reason := not_music(recording):
        return Absent(reason)
    if recording.volume.dbfs is None:
        return Absent("silent")
    if recording.audio.duration_s < _LEAST_S:
        return Absent(f"{recording.audio.duration_s:.2f} s, shorter than {_LEAST_S:g} s")
    spectrum = np.abs(librosa.stft(recording.samples, n_fft=4096, hop_length=2048))
    tuning = librosa.estimate_tuning(S=spectrum, sr=SAMPLE_RATE)
    chroma = librosa.feature.chroma_stft(S=spectrum**2, sr=SAMPLE_RATE, n_fft=4096, tuning=tuning, norm=None)
    heard = chroma.sum(axis=1)
    if heard.min() > _ALIKE * heard.mean():
        return Absent("all twelve tones are heard alike")
    tones = _shares(heard)
    beside = np.maximum(np.roll(tones, 1), np.roll(tones, -1))
    if ((tones >= _TONE_SHARE) & (tones >= _OF_NEIGHBOUR * beside)).sum() < _LEAST_TONES:
        return Absent("fewer than three tones")
    fits = sorted(
        (
            float(np.corrcoef(np.roll(profile, tonic), tones)[0, 1]),
            _triad(tones, tonic, third),
            f"{_TONES[tonic]} {mode}",
        )
        for mode, third, profile in (("major", 4, _MAJOR), ("minor", 3, _MINOR))
        for tonic in range(12)
    )
    (second, other_triad, other), (best, triad, key) = fits[-2], fits[-1]
    wanted = _LEAST_FIT if is_music(recording) else _LEAST_FIT_UNKNOWN
    if best < wanted:
        return Absent(f"the tones fit no key: {key} best, by {best:.2f}, less than {wanted:g}")
    if best - second >= _LEAST_LEAD or triad >= 2 * other_triad:
        return key
    return other if other_triad >= 2 * triad else Absent(f"the tones fit {key} and {other} alike")


MUSIC_KEY = Extractor("music_key", _measure)


def _fit(profile: NDArray[np.float64], tones: NDArray[np.float64]) -> float:
    return float(np.corrcoef(profile, tones)[0, 1])


def _triad(tones: NDArray[np.float64], tonic: int, third: int) -> float:
    """The weakest tone of a key's triad, as a share of all tones."""
    return float(min(tones[tonic], tones[(tonic + third) % 12], tones[(tonic + 7) % 12]))


def _shares(tones: NDArray[np.floating]) -> NDArray[np.float64]:
    """The tones above what all twelve have in common, such as noise and drums, as shares of their sum."""
    rest = np.maximum(tones - tones.min(), 0).astype(np.float64)
    return np.asarray(rest / max(float(rest.sum()), 1e-30))
