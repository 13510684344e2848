"""A clip goes that holds no high frequencies: telephone speech, strong compression."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aig.filters.clips.rule import at_least

__all__ = ["MIN_BANDWIDTH_HZ"]

MIN_BANDWIDTH_HZ = at_least(
    "min_bandwidth_hz",
    Annotated[float, Field(gt=0)],
    "bandwidth_hz",
    missing="its bandwidth was not measured",
    said="sound up to {value:.0f} Hz only, not to {bound:g} Hz",
)
