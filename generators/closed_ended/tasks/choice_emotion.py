"""The speaker's emotion, among those of the dataset."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_EMOTION"]


_NO_EMOTION = frozenset(("mixed", "na", "none", "other", "others", "unclear", "undefined", "unknown", "xxx"))
"""What datasets write where nobody could name one."""

_ALIKE = tuple(
    frozenset(words.split())
    for words in (
        "amused amusement cheerful excited excitement happiness happy joy joyful",
        "anger angry annoyance annoyed frustrated frustration irritated",
        "disappointed disappointment frustrated frustration sad sadness",
        "contempt disgust disgusted",
        "anxiety anxious fear fearful nervous scared worried",
        "excited excitement surprise surprised",
        "bored boredom calm neutral",
    )
)
"""Emotions that pass for each other: of two, only one is an option."""


def _offer(item: Measured, _: random.Random) -> str | None:
    emotion = item.clip.emotion
    return None if emotion is None or emotion.casefold() in _NO_EMOTION else emotion


def _differs(text: str, item: Measured) -> bool:
    if item.clip.emotion is None:
        return False
    both = {text.casefold(), item.clip.emotion.casefold()}
    return len(both) == 2 and not any(both <= alike for alike in _ALIKE)


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
