"""Yes-or-no questions about a recording's quality. What lies between the two bounds is not asked."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.balance import asked_beside_others
from aig.generators.closed_ended.facts import Answer, Facts, somebody_speaks

__all__ = ["YES_OR_NO", "yes_or_no"]

YES_OR_NO = r"(?:Yes|No)\."

_CLEAR = 2.0
"""Times the way from the middle between the bounds to a bound: farther off is easy."""


def yes_or_no(
    facts: Facts, task: str, field: str, no: float, yes: float, *, of_speech: bool = False
) -> Iterator[Answer]:
    """Whether a value is beyond one bound, where it is not between it and another; at most one answer.

    Args:
        facts: of the clip.
        task: name of the task.
        field: of `Features`.
        no: up to here, or from here on where it is the larger bound, the answer is no.
        yes: beyond here it is yes.
        of_speech: whether only clips are asked in which somebody is known to speak.
    """
    middle, half = (yes + no) / 2, abs(yes - no) / 2

    def ask(item: Measured, _: random.Random) -> Answer | None:
        value = getattr(item.features, field, None)
        if value is None or no < value < yes or yes < value < no or (of_speech and not somebody_speaks(item)):
            return None
        difficulty = "basic" if abs(value - middle) >= _CLEAR * half else "intermediate"
        return Answer("Yes." if (value > middle) == (yes > no) else "No.", difficulty=difficulty)

    yield from asked_beside_others(facts, task, ask)
