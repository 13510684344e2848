"""The level of the volume, among levels that lie apart."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts, somebody_speaks
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.tasks.energy_cla import ENERGY_CLA

__all__ = ["CHOICE_VOLUME"]


def _offer(item: Measured, _: random.Random) -> str | None:
    return item.features.volume_level if item.features and somebody_speaks(item) else None


def _answers(facts: Facts) -> Iterator[Answer]:
    """Levels that are not neighbours: a value near a bound is never asked against the next level."""
    words = facts.words.get("volume", ENERGY_CLA.words)

    def apart(level: str, item: Measured) -> bool:
        own = item.features.volume_level if item.features else None
        return level in words and own in words and abs(words.index(level) - words.index(own)) > 1

    yield from pose_among_peers(facts, "choice_volume", _offer, apart)


CHOICE_VOLUME = Task(
    name="choice_volume",
    folder="choice",
    about="voice",
    asks="how loud the voice is",
    needs=("volume_level",),
    answers=_answers,
    pattern=OPTION,
    example="(A) very high",
    skill="paralinguistics",
)
