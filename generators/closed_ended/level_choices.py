"""Multiple choice among the levels of a scale: only levels that lie apart are offered beside one another."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence

from aig.core.records import Measured
from aig.generators.closed_ended.choices import pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts

__all__ = ["pose_levels"]


def pose_levels(
    facts: Facts,
    task: str,
    words: Sequence[str],
    level_of: Callable[[Measured], str | None],
    tell_apart: Callable[[int, int], bool] = lambda *_: True,
) -> Iterator[Answer]:
    """Which level a clip has; at most one question. A value near a bound is never asked against the next level.

    Args:
        facts: of the clip.
        task: name of the task.
        words: of the scale, from low to high.
        level_of: the level of a clip, where it is certain; else `None`.
        tell_apart: whether two levels that are no neighbours can be told by ear, by their places on the scale.
    """

    def offer(item: Measured, _: random.Random) -> str | None:
        return level_of(item)

    def apart(level: str, item: Measured) -> bool:
        own = level_of(item)
        if level not in words or own not in words:
            return False
        places = words.index(level), words.index(own)
        return abs(places[0] - places[1]) > 1 and tell_apart(*places)

    yield from pose_among_peers(facts, task, offer, apart)
