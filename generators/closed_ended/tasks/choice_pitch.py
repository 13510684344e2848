"""The level of the pitch, among levels that lie apart."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts, somebody_speaks
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.tasks.pitch_cla import PITCH_CLA

__all__ = ["CHOICE_PITCH"]


def _offer(item: Measured, _: random.Random) -> str | None:
    return item.features.pitch_level if item.features and somebody_speaks(item) else None


def _answers(facts: Facts) -> Iterator[Answer]:
    """Levels that are not neighbours: a value near a bound is never asked against the next level."""
    words = facts.words.get("pitch", PITCH_CLA.words)

    def apart(level: str, item: Measured) -> bool:
        own = item.features.pitch_level if item.features else None
        return level in words and own in words and abs(words.index(level) - words.index(own)) > 1

    yield from pose_among_peers(facts, "choice_pitch", _offer, apart)


CHOICE_PITCH = Task(
    name="choice_pitch",
    folder="choice",
    about="voice",
    asks="the level of the voice's pitch",
    needs=("pitch_level",),
    answers=_answers,
    pattern=OPTION,
    example="(B) medium",
    skill="paralinguistics",
)
