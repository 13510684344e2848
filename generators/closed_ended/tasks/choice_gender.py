"""The speaker's gender, of two."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_GENDER"]


def _offer(item: Measured, _: random.Random) -> str | None:
    return item.clip.gender if item.clip.gender in ("female", "male") else None


def _differs(text: str, item: Measured) -> bool:
    return item.clip.gender is not None and text != item.clip.gender


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_among_peers(facts, "choice_gender", _offer, _differs)


CHOICE_GENDER = Task(
    name="choice_gender",
    folder="choice",
    about="voice",
    asks="the speaker's gender",
    needs=("gender",),
    answers=_answers,
    pattern=OPTION,
    example="(A) female",
    skill="speaker identification",
)
