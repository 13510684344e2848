"""Fitting the five-level bounds to data: quintiles, so that every level has as many clips as the next."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import yaml

from aig.extractors.levels import Levels
from aig.extractors.scales import SCALES

__all__ = ["FEWEST", "MEASURES", "QUINTILES", "Fit", "Quantiles", "fit", "to_yaml"]

QUINTILES = (0.2, 0.4, 0.6, 0.8)

FEWEST = 50
"""Bounds are fitted to at least this number of values; with fewer the earlier ones stay."""

MEASURES = {scale.name: (scale.field, scale.decimals) for scale in SCALES}
"""Each scale with the field of `Features` it is about, and the decimals its bounds are rounded to."""


@dataclass(frozen=True, slots=True)
class Quantiles:
    """How many values there are, and their quintiles."""

    count: int
    bounds: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Fit:
    """Fitted levels, and for each scale that kept its earlier bounds the reason."""

    levels: Levels
    kept: Mapping[str, str]


def fit(
    earlier: Levels, scales: Mapping[str, Quantiles], genders: Mapping[str, Quantiles], datasets: Sequence[str]
) -> Fit:
    """Levels with the given quintiles as bounds.

    Args:
        earlier: words, and the bounds of scales with too few values.
        scales: quintiles of each scale but `pitch_rank`.
        genders: quintiles of `f0_hz` within each annotated gender; a gender with enough values gets its own bounds.
        datasets: what the values come from, for the file's `source`.
    """
    content: dict[str, Any] = earlier.model_dump()
    kept: dict[str, str] = {}
    for name, quantiles in scales.items():
        bounds, reason = _bounds(name, quantiles)
        if bounds is None:
            kept[name] = reason
        else:
            content[name] |= {"bounds": bounds, "source": _source(quantiles.count, datasets)}
    for gender, quantiles in genders.items():
        bounds, reason = _bounds("pitch_rank", quantiles)
        if bounds is None:
            kept[f"pitch_rank.{gender}"] = reason
        else:
            content["pitch_rank"]["bounds"][gender] = bounds
            content["pitch_rank"]["source"] += f" {gender}: {_source(quantiles.count, datasets)}"
    body = {name: value for name, value in content.items() if name != "version"}
    digest = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()[:8]
    return Fit(Levels.model_validate(body | {"version": f"fitted-{digest}"}), kept)


def to_yaml(levels: Levels) -> str:
    """The text of a levels file, which `aig.extractors.levels.load_levels` reads."""
    text: str = yaml.safe_dump(levels.model_dump(mode="json"), sort_keys=False, allow_unicode=True, width=100)
    return "# Five-level scales fitted by `aig levels`. A value on a bound belongs to the level above.\n" + text


def _bounds(name: str, quantiles: Quantiles) -> tuple[tuple[float, ...] | None, str]:
    if quantiles.count < FEWEST:
        return None, f"{quantiles.count} values, fewer than {FEWEST}"
    bounds = tuple(round(value, MEASURES[name][1]) for value in quantiles.bounds)
    if any(low >= high for low, high in pairwise(bounds)):
        return None, f"the values lie too close together: {', '.join(map(str, bounds))}"
    return bounds, ""


def _source(count: int, datasets: Sequence[str]) -> str:
    return f"Quintiles of {count:,} clips of {', '.join(datasets)}."
