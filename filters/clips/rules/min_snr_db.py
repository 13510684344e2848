"""A clip goes whose speech does not lie far enough above the noise."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from aig.filters.clips.rule import at_least

__all__ = ["MIN_SNR_DB"]

MIN_SNR_DB = at_least(
    "min_snr_db",
    Annotated[float, Field(ge=-20, le=100)],
    "snr_db",
    missing="its noise was not measured",
    said="{value:.1f} dB of speech over noise, less than {bound:g} dB",
)
