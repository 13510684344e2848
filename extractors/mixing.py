"""How the channels of a clip become one: their mean, unless some are empty or cancel each other out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from aig.extractors.audio_files import Samples

__all__ = ["ChannelStatistics"]

_EMPTY_BELOW_DB = 50.0
"""A channel this far below the loudest holds no recording of its own but hum or dither."""

_CANCELLED_BELOW_DB = 9.0
"""A mean this far below its channels has lost them to opposite phases; two independent channels lose 3 dB, four 6."""


class ChannelStatistics:
    """Second moments of the channels of a clip, gathered block by block."""

    def __init__(self, channels: int) -> None:
        self._count = 0
        self._sum = np.zeros(channels)
        self._products = np.zeros((channels, channels))

    def add(self, block: Samples) -> None:
        """Adds a block of frames by channels."""
        exact = block.astype(np.float64)
        self._count += len(block)
        self._sum += exact.sum(axis=0)
        self._products += exact.T @ exact

    def weights(self) -> NDArray[np.float32] | None:
        """Weights of the channels in the mix; `None` where it is their plain mean.

        Empty channels do not count, or speech on one of two would be 6 dB softer than it is; of channels that cancel
        each other the loudest is taken, or loud speech would be silence. A constant offset is not energy.
        """
        if self._count == 0 or not np.isfinite(self._products).all():
            return None
        mean = self._sum / self._count
        covariance = self._products / self._count - np.outer(mean, mean)
        energy = covariance.diagonal()
        counted = energy > energy.max() * 10 ** (-_EMPTY_BELOW_DB / 10)
        if energy.max() <= 0 or len(energy) == 1:
            return None
        mix = counted / counted.sum()
        left = float(mix @ covariance @ mix) / float(energy[counted].mean())
        if left < 10 ** (-_CANCELLED_BELOW_DB / 10) / max(1.0, counted.sum() / 2):
            mix = np.arange(len(energy)) == energy.argmax()
        elif counted.all():
            return None
        return np.asarray(mix, np.float32)
