"""Whether a recording is clipped."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.qualities import YES_OR_NO, yes_or_no
from aig.generators.closed_ended.task import Task

__all__ = ["CLIPPED"]

_NONE, _CLIPPED = 1e-6, 1e-3
"""Share of the samples: a clipped peak or two in 10 s are between."""


def _answers(facts: Facts) -> Iterator[Answer]:
    """Yes from a thousandth of the samples on flat tops, no where there is none."""
    yield from yes_or_no(facts, "clipped", "clipped_share", no=_NONE, yes=_CLIPPED)


CLIPPED = Task(
    name="clipped",
    folder="choice",
    about="sound",
    asks="whether the recording is clipped",
    needs=("clipped_share",),
    answers=_answers,
    pattern=YES_OR_NO,
    example="Yes.",
    skill="quality",
)
