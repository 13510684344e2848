"""How a selection changed the balance of the labels, beside a uniform sample of the same size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

__all__ = ["LabelReport", "Spread", "label_report"]


@dataclass(frozen=True, slots=True)
class Spread:
    """How evenly labels are spread over clips.

    Attributes:
        labels: how many labels come at all.
        entropy_bits: Shannon entropy of the labels' shares, in bits.
        effective_labels: two to the power of that: as many equally frequent labels are as evenly spread.
        rarest: how often the rarest label comes.
        commonest: how often the commonest label comes.
    """

    labels: int
    entropy_bits: float
    effective_labels: float
    rarest: int
    commonest: int


@dataclass(frozen=True, slots=True)
class LabelReport:
    """Label counts over all clips, those kept, and a uniform sample of as many as were kept.

    Attributes:
        counts: for each label its count in all, among the kept, and in the uniform sample; commonest first.
        before: spread over all clips.
        after: spread over the kept ones.
        uniform: spread over the uniform sample.
    """

    counts: dict[str, tuple[int, int, int]]
    before: Spread
    after: Spread
    uniform: Spread


def label_report(
    names: list[str], *, all_of: npt.NDArray[np.int32], kept: npt.NDArray[np.int32], uniform: npt.NDArray[np.int32]
) -> LabelReport:
    """The report from label numbers, one for each label of each clip."""
    columns = [np.bincount(codes, minlength=len(names)) for codes in (all_of, kept, uniform)]
    order = sorted(range(len(names)), key=lambda i: (-columns[0][i], names[i]))
    counts = {names[i]: (int(columns[0][i]), int(columns[1][i]), int(columns[2][i])) for i in order}
    before, after, sample = (_spread(column) for column in columns)
    return LabelReport(counts, before, after, sample)


def _spread(counts: npt.NDArray[np.int64]) -> Spread:
    found = counts[counts > 0]
    if not found.size:
        return Spread(0, 0.0, 0.0, 0, 0)
    share = found / found.sum()
    entropy = float(-(share * np.log2(share)).sum()) + 0.0
    return Spread(len(found), entropy, 2.0**entropy, int(found.min()), int(found.max()))
