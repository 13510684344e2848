"""A clip goes whose room reverberates too long."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aig.filters.clips.rule import at_most

__all__ = ["MAX_REVERBERATION_S"]

MAX_REVERBERATION_S = at_most(
    "max_reverberation_s",
    Annotated[float, Field(gt=0)],
    "reverberation_s",
    missing="its reverberation was not measured",
    said="reverberation of {value:.2f} s, longer than {bound:g} s",
)
