"""The speaker's emotion, among those of the dataset."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_EMOTION"]


def _offer(item: Measured, _: random.Random) -> str | None:
    return item.clip.emotion


def _differs(text: str, item: Measured) -> bool:
    return item.clip.emotion is not None and text.casefold() != item.clip.emotion.casefold()


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_among_peers(facts, "choice_emotion", _offer, _differs)


CHOICE_EMOTION = Task(
    name="choice_emotion",
    folder="choice",
    about="voice",
    asks="the speaker's emotion",
    needs=("emotion",),
    answers=_answers,
    pattern=OPTION,
    example="(C) sad",
    skill="emotion",
)
