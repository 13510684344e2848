"""A clip goes of which too much was cut off by a converter or an amplifier."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aig.filters.clips.rule import at_most

__all__ = ["MAX_CLIPPED_SHARE"]

MAX_CLIPPED_SHARE = at_most(
    "max_clipped_share",
    Annotated[float, Field(ge=0, lt=1)],
    "clipped_share",
    missing="its clipping was not measured",
    said="{value:.2%} of the samples are clipped, more than {bound:.2%}",
)
