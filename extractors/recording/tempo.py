"""Tempo of music, by librosa: the strongest period of its onsets, refined over several beats.

Half and double the tempo are the errors to be expected: people do not agree either on which of them they tap.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from aig.extractors.audio import SAMPLE_RATE
from aig.extractors.extractor import Absent, Extractor, Recording, Value
from aig.extractors.librosa_loading import load_librosa
from aig.extractors.music import is_music, no_music_to_measure

__all__ = ["TEMPO_BPM"]

_FRAME, _HOP = 1_024, 256
_SLOWEST_BPM, _FASTEST_BPM = 40.0, 240.0
_LIKELIEST_BPM = 120.0
"""The tempo that people tap most, from which octaves count as errors (as in librosa's prior)."""

_PER_MINUTE = 60 * SAMPLE_RATE / _HOP
_LEAST_S = 4.0
_STEADY = 0.35
"""How much of the onsets come again a beat later, as a share of all, before they are taken for beats."""

_STEADY_UNKNOWN = 0.5
"""The same where nobody says that the clip is music."""

_AS_STRONG = 0.7
"""Where every half beat comes again as surely as every beat, the half ones are the beats."""

_BEATS = 8
_DRIFT = 0.03


def _measure(recording: Recording) -> Value:
    """Beats per minute, 40 to 240."""
    if reason := no_music_to_measure(recording, _LEAST_S):
        return Absent(reason)
    spectrum = np.abs(load_librosa().stft(recording.samples, n_fft=_FRAME, hop_length=_HOP)) ** 2
    mel = _mel() @ spectrum
    onsets = load_librosa().onset.onset_strength(S=load_librosa().power_to_db(mel), sr=SAMPLE_RATE, hop_length=_HOP)
    repeats = load_librosa().autocorrelate(onsets - onsets.mean())
    if repeats[0] <= 0:
        return Absent("no onsets")
    repeats = repeats / repeats[0] * len(repeats) / np.arange(len(repeats), 0, -1)
    lags = np.arange(int(_PER_MINUTE / _FASTEST_BPM), min(int(_PER_MINUTE / _SLOWEST_BPM) + 2, len(repeats) // 2))
    likely = np.exp(-0.5 * np.log2(_PER_MINUTE / lags / _LIKELIEST_BPM) ** 2)
    lag = float(lags[np.argmax(repeats[lags] * likely)])
    half = round(lag / 2)
    if half >= lags[0] and repeats[half - 1 : half + 2].max() >= _AS_STRONG * repeats[round(lag)]:
        lag = half
    period, strength, beats = _refined(repeats, lag)
    wanted = _STEADY if is_music(recording) else _STEADY_UNKNOWN
    if strength < wanted:
        return Absent(f"no steady beat: {max(strength, 0):.0%} of the onsets come again, less than {wanted:.0%}")
    if beats < min(_BEATS, 0.6 * recording.audio.duration_s / (period * _HOP / SAMPLE_RATE)) - 1:
        return Absent(f"no steady beat: it comes again {beats} times only")
    tempo = _PER_MINUTE / period
    if not _SLOWEST_BPM * 0.98 <= tempo <= _FASTEST_BPM * 1.02:
        return Absent(f"outside {_SLOWEST_BPM:g} to {_FASTEST_BPM:g} beats a minute")
    return tempo


@cache
def _mel() -> NDArray[np.floating]:
    return np.asarray(load_librosa().filters.mel(sr=SAMPLE_RATE, n_fft=_FRAME, n_mels=32, fmax=8_000))


TEMPO_BPM = Extractor("tempo_bpm", _measure)


def _refined(repeats: NDArray[np.floating], lag: float) -> tuple[float, float, int]:
    """The period near a lag, in frames, from up to eight multiples; how strong the first is; and how many there are."""
    period, strength, found = lag, 0.0, 0
    for beats in range(1, _BEATS + 1):
        centre, reach = beats * period, max(2.0, _DRIFT * beats * period / (1 if beats == 1 else 2))
        low, high = int(centre - reach), int(np.ceil(centre + reach)) + 1
        if high + 1 >= 0.75 * len(repeats) or low < 1:
            break
        at = low + int(np.argmax(repeats[low:high]))
        before, peak, after = (float(value) for value in repeats[at - 1 : at + 2])
        if beats == 1:
            strength = peak
        elif peak < strength / 2:
            break
        bend = before - 2 * peak + after
        shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
        period, found = (at + float(np.clip(shift, -0.5, 0.5))) / beats, beats
    return period, strength, found
