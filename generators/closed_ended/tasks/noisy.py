"""Whether there is much noise behind the speech."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.qualities import YES_OR_NO, yes_or_no
from aig.generators.closed_ended.task import Task

__all__ = ["NOISY"]

_NOISY_DB, _CLEAN_DB = 10.0, 28.0
"""ANSI S12.60 asks for 15 dB in class rooms."""


def _answers(facts: Facts) -> Iterator[Answer]:
    """Yes up to 10 dB, no from 28 dB: the estimate is within 3 dB between 0 and 30."""
    yield from yes_or_no(facts, "noisy", "snr_db", no=_CLEAN_DB, yes=_NOISY_DB, of_speech=True)


NOISY = Task(
    name="noisy",
    folder="choice",
    about="sound",
    asks="whether there is much noise behind the speech",
    needs=("snr_db",),
    answers=_answers,
    pattern=YES_OR_NO,
    example="Yes.",
    skill="quality",
)
