"""Bandwidth of a recording: up to which frequency there is sound, whatever the file's rate promises.

Telephone speech in a file of 48 kHz, a low-pass filter and a lossy codec show as an edge in the spectrum beyond which
nothing comes any more.
"""

from __future__ import annotations

import numpy as np

from aig.extractors.extractor import Absent, Extractor, Recording, Value

__all__ = ["BANDWIDTH_HZ"]

_SMOOTH_HZ = 120.0
_LOWEST_EDGE_HZ = 1_000.0
_FALL_DB = 20.0
_WIDEST_FALL = 0.41
"""An edge falls within half an octave of its frequency, and 2 kHz at most."""

_WIDEST_FALL_HZ = 2_000.0
_AT_EDGE_DB = 10.0


def _measure(recording: Recording) -> Value:
    """The highest frequency before an edge, in Hz; half the file's rate where there is none."""
    native = recording.audio.native
    if native is None or not native.power.any() or recording.volume.dbfs is None:
        return Absent("silent, or too short")
    hertz, nyquist = native.frequencies_hz, native.rate / 2
    width = max(1, round(_SMOOTH_HZ / hertz[1]))
    smooth = np.convolve(native.power, np.full(width, 1 / width), mode="same")
    level = 10 * np.log10(np.maximum(smooth, smooth.max() * 1e-14))
    above = np.maximum.accumulate(level[::-1])[::-1]  # the loudest from here to the top
    fall = np.minimum(_WIDEST_FALL * hertz, np.minimum(_WIDEST_FALL_HZ, np.maximum(600.0, (nyquist - hertz) / 2)))
    beyond = np.searchsorted(hertz, hertz + fall)
    candidates = np.flatnonzero((hertz >= _LOWEST_EDGE_HZ) & (beyond < len(hertz) - 1))
    edges = candidates[level[candidates] - above[beyond[candidates]] >= _FALL_DB]
    if not len(edges):
        return float(nyquist)
    first = int(edges[0])
    stretch = np.arange(first, int(beyond[first]) + 1)
    top = level[max(0, first - 2 * width) : first + 1].max()
    inside = stretch[level[stretch] >= top - _AT_EDGE_DB]
    return float(hertz[inside[-1] if len(inside) else first])


BANDWIDTH_HZ = Extractor("bandwidth_hz", _measure)
