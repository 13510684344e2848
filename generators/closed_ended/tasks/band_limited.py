"""Whether the high frequencies of a recording are missing."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.qualities import YES_OR_NO, yes_or_no
from aig.generators.closed_ended.task import Task

__all__ = ["BAND_LIMITED"]

_NARROW_HZ, _WIDE_HZ = 4_200.0, 7_200.0
"""Telephony's narrow and wide bands (ITU-T P.800.1); models hear 8 kHz at most."""


def _answers(facts: Facts) -> Iterator[Answer]:
    """Yes up to the band of a telephone, no where all is there that 16 kHz can hold."""
    yield from yes_or_no(facts, "band_limited", "bandwidth_hz", no=_WIDE_HZ, yes=_NARROW_HZ)


BAND_LIMITED = Task(
    name="band_limited",
    folder="choice",
    about="sound",
    asks="whether the high frequencies are missing",
    needs=("bandwidth_hz",),
    answers=_answers,
    pattern=YES_OR_NO,
    example="Yes.",
    skill="quality",
)
