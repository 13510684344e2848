"""Whether a voice is heard in a reverberant room."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.qualities import YES_OR_NO, yes_or_no
from aig.generators.closed_ended.task import Task

__all__ = ["REVERBERANT"]

_DRY_S, _REVERBERANT_S = 0.35, 0.9
"""ANSI S12.60 allows 0.6 s in class rooms."""


def _answers(facts: Facts) -> Iterator[Answer]:
    """Yes from 0.9 s, no up to 0.35 s: the estimate is within a quarter."""
    yield from yes_or_no(facts, "reverberant", "reverberation_s", no=_DRY_S, yes=_REVERBERANT_S, of_speech=True)


REVERBERANT = Task(
    name="reverberant",
    folder="choice",
    about="sound",
    asks="whether the room is reverberant",
    needs=("reverberation_s",),
    answers=_answers,
    pattern=YES_OR_NO,
    example="Yes.",
    skill="quality",
)
