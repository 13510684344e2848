"""How loud each sound of a clip is, where it is heard by itself, and questions about the loudest and the quietest."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from aig.core.records import Measured
from aig.generators.closed_ended import timing
from aig.generators.closed_ended.choices import pose_own_sounds
from aig.generators.closed_ended.facts import Answer, Facts

__all__ = ["event_levels", "which_by_level"]

_LEAST_TENTHS = 3
"""Tenths of a second in which a sound is heard alone."""

_MARGIN_DB = 6.0
"""Between the right option and the next: twice the amplitude."""

_FAR_DB = 12.0


def event_levels(item: Measured) -> dict[str, float]:
    """The RMS of each sound that has a name, in dB relative to full scale, while no other is annotated.

    None where of one of them that cannot be said: it is never heard alone, or for less than 0.3 s. The tenths in which
    a sound begins and ends are left out.
    """
    curve = item.features.level_curve if item.features else None
    heard, asked = timing.by_label(item.clip), timing.named(item.clip)
    if not curve or len(asked) < 2:
        return {}
    tenths = len(curve)
    inside = {label: _mask(tenths, [(start + 1, end) for start, end in times]) for label, times in heard.items()}
    near = {label: _mask(tenths, [(start, end + 1) for start, end in times]) for label, times in heard.items()}
    power = 10 ** (np.frombuffer(curve, np.uint8) / -20.0)
    levels: dict[str, float] = {}
    for label in asked:
        alone = inside[label] & ~np.any([mask for other, mask in near.items() if other != label], axis=0)
        if alone.sum() < _LEAST_TENTHS:
            return {}
        levels[label] = float(10 * np.log10(power[alone].mean()))
    return levels


def which_by_level(facts: Facts, task: str, *, loudest: bool) -> Iterator[Answer]:
    """Which of a clip's sounds is the loudest, or quietest, by at least 6 dB; at most one question."""
    levels = event_levels(facts.measured)
    order = sorted(levels, key=lambda label: levels[label], reverse=loudest)
    if len(order) < 2:
        return
    apart = abs(levels[order[0]] - levels[order[1]])
    if apart >= _MARGIN_DB and timing.alone(order[0], order):
        difficulty = "intermediate" if apart >= _FAR_DB else "advanced"
        yield from pose_own_sounds(facts, task, order[0], order[1:], difficulty=difficulty)


def _mask(length: int, spans: list[tuple[int, int]]) -> npt.NDArray[np.bool_]:
    mask = np.zeros(length, bool)
    for start, end in spans:
        mask[max(start, 0) : max(end, 0)] = True
    return mask
