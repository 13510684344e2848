"""A clip goes that is too long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aig.filters.clips.rule import at_most

__all__ = ["MAX_DURATION_S"]

MAX_DURATION_S = at_most(
    "max_duration_s",
    Annotated[float, Field(gt=0)],
    "duration_s",
    missing="its length was not measured",
    said="{value:.2f} s, longer than {bound:g} s",
)
