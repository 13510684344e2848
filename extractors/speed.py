"""Speed of speech: recognised words per second, and syllable nuclei per second where there is no transcript."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from aig.core.records import Word
from aig.extractors.pitch import PitchTrack
from aig.extractors.volume import HOP_S, Volume

__all__ = ["Span", "spoken_spans", "syllables_per_s", "voiced_spans", "words_per_s"]

Span = tuple[float, float]
"""Start and end of a stretch of speech, in seconds."""

_FEWEST_WORDS = 3
_SHORTEST_SPAN_S = 0.5
_SMOOTH_S = 0.06
_DIP_DB = 2.0
_BELOW_LOUD_DB = 25.0


def spoken_spans(words: Sequence[Word], volume: Volume, max_pause_s: float) -> list[Span]:
    """The stretches of words without a pause longer than `max_pause_s`, from their first to their last active frame.

    A recogniser's first word often starts at 0 s and its last often ends with the clip, whatever silence there is.
    """
    spans: list[Span] = []
    for word in words:
        if spans and word.start_s - spans[-1][1] <= max_pause_s:
            spans[-1] = (spans[-1][0], max(spans[-1][1], word.end_s))
        else:
            spans.append((word.start_s, word.end_s))
    active_s = volume.times_s[volume.active]
    inside = [active_s[(active_s >= start) & (active_s <= end)] for start, end in spans]
    return [(float(times[0]) - HOP_S / 2, float(times[-1]) + HOP_S / 2) for times in inside if len(times)]


def voiced_spans(track: PitchTrack, max_pause_s: float) -> list[Span]:
    """The stretches with voice, from their first to their last voiced frame: speech, where nobody has listened."""
    times = track.times_s[track.f0_hz > 0]
    if not len(times):
        return []
    edges = np.flatnonzero(np.diff(times) > max_pause_s)
    starts, ends = times[np.r_[0, edges + 1]], times[np.r_[edges, len(times) - 1]]
    return [(float(start) - HOP_S / 2, float(end) + HOP_S / 2) for start, end in zip(starts, ends, strict=True)]


def words_per_s(words: Sequence[Word], spans: Sequence[Span]) -> float | None:
    """Recognised words per second of the spoken spans; `None` below 3 words or 0.5 s."""
    length = _length(spans)
    return len(words) / length if len(words) >= _FEWEST_WORDS and length >= _SHORTEST_SPAN_S else None


def syllables_per_s(volume: Volume, track: PitchTrack, spans: Sequence[Span]) -> float | None:
    """Syllable nuclei per second of the spans; `None` where these are shorter than 0.5 s.

    A nucleus is a voiced intensity peak, less than 25 dB below the loudest, with a dip of at least 2 dB around it
    (de Jong and Wempe 2009, https://doi.org/10.3758/BRM.41.2.385).
    """
    from scipy.signal import find_peaks

    length = _length(spans)
    if length < _SHORTEST_SPAN_S or not len(track.times_s):
        return None
    window = np.hanning(round(_SMOOTH_S / HOP_S) + 2)
    smooth = np.convolve(volume.power, window / window.sum(), mode="same")
    level = 10 * np.log10(np.maximum(smooth, 1e-12))
    peaks, _ = find_peaks(level, height=float(np.percentile(level, 99)) - _BELOW_LOUD_DB, prominence=_DIP_DB)
    times = volume.times_s[peaks]
    nearest = np.clip(np.round((times - track.times_s[0]) / HOP_S).astype(int), 0, len(track.times_s) - 1)
    voiced = times[track.f0_hz[nearest] > 0]
    count = sum(int(np.count_nonzero((voiced >= start) & (voiced <= end))) for start, end in spans)
    return count / length


def _length(spans: Sequence[Span]) -> float:
    return sum(end - start for start, end in spans)
