"""The speaker's age, in bands that lie apart."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_AGE"]

_BANDS = ("under 20", "20 to 29", "30 to 39", "40 to 49", "50 to 59", "60 or older")


def _band(age: int) -> int:
    return min(max(age // 10 - 1, 0), len(_BANDS) - 1)


def _offer(item: Measured, _: random.Random) -> str | None:
    return None if item.clip.age is None else _BANDS[_band(item.clip.age)]


def _differs(text: str, item: Measured) -> bool:
    return item.clip.age is not None and abs(_BANDS.index(text) - _band(item.clip.age)) > 1


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_among_peers(facts, "choice_age", _offer, _differs)


CHOICE_AGE = Task(
    name="choice_age",
    folder="choice",
    about="voice",
    asks="the speaker's age band",
    needs=("age",),
    answers=_answers,
    pattern=OPTION,
    example="(B) 40 to 49",
    skill="speaker identification",
)
