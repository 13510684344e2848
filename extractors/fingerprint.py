"""A fingerprint by which a copy of a sound is found again: re-encoded, resampled, louder, cut or mixed with some noise.

After J. Haitsma and T. Kalker, "A Highly Robust Audio Fingerprinting System" (ISMIR 2002): a spectrum of half a second
every 64 ms, its energy in 33 bands of equal width on a logarithmic scale, and for each two neighbouring bands a bit,
whether their difference grew since the spectrum before. The bands reach to 6.5 kHz, further than in the paper: much of
what is heard in nature lies above its 2 kHz. `aig.filters.clips.sound_copies` compares fingerprints.
"""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt

from aig.extractors.audio import SAMPLE_RATE, Samples

__all__ = ["content_hash", "fingerprint"]

_FRAME = 8192
_HOP = 1024
_LOWEST_HZ, _HIGHEST_HZ = 200.0, 6500.0
_FLOOR_DB = 40.0
"""A spectrum this far below the loudest is left out: noise would decide its bits."""

_SILENCE = 1e-6
"""Energy in the bands below which a clip is digital silence."""

_BLOCK = 256
"""Spectra that are taken at a time, so that a clip of ten minutes does not take a hundred times its own memory."""

_WINDOW = np.hanning(_FRAME).astype(np.float32)
_EDGES = np.round(np.geomspace(_LOWEST_HZ, _HIGHEST_HZ, 34) * _FRAME / SAMPLE_RATE).astype(int)


def content_hash(samples: Samples) -> str:
    """A hash of a clip's samples: the same for the same sound, whatever its file is called."""
    return hashlib.blake2b(samples.tobytes(), digest_size=16).hexdigest()


def fingerprint(samples: Samples) -> bytes | None:
    """The fingerprint of a clip: a little-endian 32-bit word every 64 ms, 0 where it is too quiet to tell.

    Args:
        samples: mono at 16 kHz.

    Returns:
        `None` where the clip is shorter than two spectra (0.58 s) or silent.
    """
    if len(samples) < _FRAME + _HOP:
        return None
    frames = np.lib.stride_tricks.sliding_window_view(samples, _FRAME)[::_HOP]
    energy = np.concatenate([_energy(frames[start : start + _BLOCK]) for start in range(0, len(frames), _BLOCK)])
    total = energy.sum(axis=1)
    if total.max() < _SILENCE:
        return None
    difference = energy[:, :-1] - energy[:, 1:]
    bits = np.packbits(difference[1:] > difference[:-1], axis=1, bitorder="little").view("<u4")[:, 0]
    loud = total[1:] > total.max() * 10 ** (-_FLOOR_DB / 10)
    return np.where(loud, bits, 0).astype("<u4").tobytes()


def _energy(frames: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """The energy of each frame in each band, shape `(frames, 33)`."""
    from scipy.fft import rfft  # of the extra `measure`, without which what was measured can still be read

    power = np.abs(rfft(frames * _WINDOW, axis=1)) ** 2
    return np.add.reduceat(power, _EDGES, axis=1)[:, :-1].astype(np.float64)
