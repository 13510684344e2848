"""Whether what is said is positive, negative or neutral."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_SENTIMENT"]

_WORDS = {-1: "negative", 0: "neutral", 1: "positive"}


def _offer(item: Measured, _: random.Random) -> str | None:
    return None if (score := item.clip.sentiment) is None else _WORDS[(score > 0) - (score < 0)]


def _differs(_: str, item: Measured) -> bool:
    return item.clip.sentiment is not None


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_among_peers(facts, "choice_sentiment", _offer, _differs)


CHOICE_SENTIMENT = Task(
    name="choice_sentiment",
    folder="choice",
    about="voice",
    asks="the sentiment of the speech",
    needs=("sentiment",),
    answers=_answers,
    pattern=OPTION,
    example="(C) negative",
    skill="emotion",
)
