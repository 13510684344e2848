"""Draws with balanced labels: a clip weighs the more, the rarer its labels are.

The weights are those of the authors' code base (K. Gong et al., "Listen, Think, and Understand", 2305.10790, after
"PSLA", 2102.01243): `w(label) = 1000 / (count + 0.01)`, `w(clip) = sum of w over its labels`.

Drawing without replacement gives each clip the key `-log(u) / w` and keeps the smallest (Efraimidis and Spirakis,
"Weighted random sampling with a reservoir", 2006): the same as drawing one after another in proportion to the weight.
`u` is a hash of seed and id, so the same clips are drawn whatever their order, and a clip's chance never falls when
its weight grows.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

__all__ = ["Labels", "draw", "taken", "uniforms", "weights"]

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]


class Labels:
    """The labels of many clips in little memory: a number for each, four bytes, and where each clip's begin.

    Attributes:
        names: the labels, by number.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._codes: list[npt.NDArray[np.int32]] = []
        self._lengths: list[npt.NDArray[np.int32]] = []

    def append(self, column: pa.ListArray) -> None:
        """Adds the label lists of a batch of clips; null means no labels."""
        encoded = pc.list_flatten(column).dictionary_encode()
        numbers = np.array([self._number(name) for name in encoded.dictionary.to_pylist()], dtype=np.int32)
        codes = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int32)
        self._codes.append(numbers[codes] if len(codes) else codes)
        self._lengths.append(pc.fill_null(pc.list_value_length(column), 0).to_numpy(zero_copy_only=False))

    def _number(self, name: str) -> int:
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        return self._numbers[name]

    def finish(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Label numbers of all clips one after another, and the clips' bounds in them (one more than clips)."""
        codes = np.concatenate(self._codes) if self._codes else np.empty(0, np.int32)
        lengths = np.concatenate(self._lengths) if self._lengths else np.empty(0, np.int32)
        self._codes, self._lengths = [codes], [lengths]
        bounds = np.zeros(len(lengths) + 1, dtype=np.int64)
        np.cumsum(lengths, out=bounds[1:])
        return codes, bounds


def taken(
    codes: npt.NDArray[np.int32], bounds: npt.NDArray[np.int64], rows: Rows
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
    """Codes and bounds as of `Labels.finish`, of some clips only: those in `rows`, ascending."""
    chosen = np.zeros(len(bounds) - 1, dtype=bool)
    chosen[rows] = True
    lengths = np.diff(bounds)
    return codes[np.repeat(chosen, lengths)], np.concatenate([[0], np.cumsum(lengths[rows])])


def weights(codes: npt.NDArray[np.int32], bounds: npt.NDArray[np.int64], labels: int) -> Floats:
    """Weight of each clip; zero for one without labels.

    Args:
        codes: label numbers of all clips one after another.
        bounds: the clips' bounds in `codes`, one more than there are clips.
        labels: how many labels there are.
    """
    of_label = 1000.0 / (np.bincount(codes, minlength=labels) + 0.01)
    # Added up in the order of the labels' weights, so that the sum does not depend on the order of a clip's labels.
    clip_of = np.repeat(np.arange(len(bounds) - 1), np.diff(bounds))
    order = np.lexsort((of_label[codes], clip_of))
    total: Floats = np.bincount(clip_of, weights=of_label[codes][order], minlength=len(bounds) - 1).astype(np.float64)
    return total


def uniforms(audio_ids: Iterable[str], seed: int) -> Floats:
    """A number in (0, 1) for each id, the same on every machine and in every order: a keyed hash."""
    key = f"aig draw {seed}".encode()
    digests = b"".join(blake2b(audio_id.encode(), digest_size=8, key=key).digest() for audio_id in audio_ids)
    # The upper 53 bits, as many as a double holds, and half a step so that zero never comes.
    return (np.frombuffer(digests, dtype="<u8") >> np.uint64(11)).astype(np.float64) * 2.0**-53 + 2.0**-54


def draw(uniform: Floats, weight: Floats, size: int) -> Rows:
    """Rows drawn by weight without replacement, in ascending order; all of them where there are no more than `size`.

    Clips of weight zero are drawn only when no others are left.

    Args:
        uniform: a number in (0, 1) for each clip, see `uniforms`.
        weight: of each clip, not negative.
        size: how many are wanted.
    """
    if size >= len(uniform):
        return np.arange(len(uniform))
    with np.errstate(divide="ignore", over="ignore"):
        key = -np.log(uniform) / weight
    # Ties (weight zero) are settled by the uniform number, never by the order of the input.
    return np.sort(np.lexsort((uniform, key))[:size])
