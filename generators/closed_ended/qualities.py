"""Yes-or-no questions about a recording's quality: asked of a clip only beside one whose answer is the other.

Most recordings are clean, so without this "no" would be right nearly always. What lies between the two bounds is not
asked.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
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

    def offer(item: Measured, _: random.Random) -> str | None:
        value = getattr(item.features, field, None)
        if value is None or (of_speech and not somebody_speaks(item)):
            return None
        if (value >= yes) if yes > no else (value <= yes):
            return "Yes."
        return "No." if ((value <= no) if yes > no else (value >= no)) else None

    def wrong(answer: str, item: Measured) -> bool:
        return offer(item, random.Random()) not in (None, answer)

    options = facts.peers.options(facts.clip.audio_id, facts.seed, task, offer, wrong)
    if options:
        middle, half = (yes + no) / 2, abs(yes - no) / 2
        far = abs(getattr(facts.features, field) - middle) >= _CLEAR * half
        yield Answer(options[0], difficulty="basic" if far else "intermediate")
