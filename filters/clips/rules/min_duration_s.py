"""A clip goes that is too short."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aig.filters.clips.rule import at_least

__all__ = ["MIN_DURATION_S"]

MIN_DURATION_S = at_least(
    "min_duration_s",
    Annotated[float, Field(ge=0)],
    "duration_s",
    missing="its length was not measured",
    said="{value:.2f} s, shorter than {bound:g} s",
)
