"""What is noted of a file's own samples while they are decoded, before they are brought to 16 kHz."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aig.extractors.audio_files import Samples

__all__ = ["NativeSignal"]

_FRAME_S = 0.04
_NEAR = 1e-3
"""Samples this close to the highest one, as a share of it, are on one level with it."""

_STEP = 5e-3
"""A flat top ends in a step of at least this share; a slow wave that is not clipped rounds it off."""

_SHORTEST_TOP = 3


class NativeSignal:
    """Spectrum and flat tops of a clip at its file's own rate.

    Attributes:
        rate: samples per second.
        samples: how many there were, over all channels.
        clipped: how many of them lie on flat tops: three or more in a row at the clip's highest or lowest level.
    """

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self.samples = 0
        self.clipped = 0
        self._peaks = [0.0, 0.0]
        self._tops = [0, 0]
        self._size = 1 << max(5, int(np.log2(rate * _FRAME_S)))
        self._window = np.hanning(self._size).astype(np.float32)
        self._power = np.zeros(self._size // 2 + 1)

    @property
    def frequencies_hz(self) -> NDArray[np.float64]:
        """The frequency of each bin of `power`."""
        return np.fft.rfftfreq(self._size, 1 / self.rate).astype(np.float64)

    @property
    def power(self) -> NDArray[np.float64]:
        """Sum of the power spectra of frames of about 40 ms."""
        return self._power

    def add(self, block: Samples, mono: Samples) -> None:
        """Adds a block of frames by channels, and its mix."""
        self.samples += block.size
        with np.errstate(invalid="ignore", over="ignore"):
            for side, sign in enumerate((1.0, -1.0)):
                self._count_tops(block, side, sign)
            count = len(mono) // self._size
            frames = mono[: count * self._size].reshape(count, self._size)
            for first in range(0, count, 256):
                spectrum = np.fft.rfft(frames[first : first + 256] * self._window, axis=1)
                self._power += (spectrum.real**2 + spectrum.imag**2).sum(axis=0)
        self.clipped = sum(self._tops)

    def _count_tops(self, block: Samples, side: int, sign: float) -> None:
        peak = float(block.max() if sign > 0 else -block.min())
        if not 0 < peak < np.inf or peak < self._peaks[side] * (1 - _NEAR):
            return
        if peak > self._peaks[side] * (1 + _NEAR):
            self._tops[side] = 0
        self._peaks[side] = max(peak, self._peaks[side])
        level = self._peaks[side]
        for channel in range(block.shape[1]):
            wave = block[:, channel] if sign > 0 else -block[:, channel]
            on = np.flatnonzero(wave >= level * (1 - _NEAR))
            if len(on) < _SHORTEST_TOP:
                continue
            cuts = np.flatnonzero(np.diff(on) > 1) + 1
            starts, ends = on[np.r_[0, cuts]], on[np.r_[cuts - 1, len(on) - 1]] + 1
            before, after = wave[np.maximum(starts - 1, 0)], wave[np.minimum(ends, len(wave) - 1)]
            steep = (before < level * (1 - _STEP)) | (after < level * (1 - _STEP))
            lengths = ends - starts
            self._tops[side] += int(lengths[(lengths >= _SHORTEST_TOP) & steep].sum())
