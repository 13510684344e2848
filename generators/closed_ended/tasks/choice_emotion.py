"""The speaker's emotion, among those of the dataset."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.kindred import kindred, told_by_ear

__all__ = ["CHOICE_EMOTION"]


def _offer(item: Measured, _: random.Random) -> str | None:
    emotion = item.clip.emotion
    return emotion if emotion and told_by_ear("emotions", emotion) else None


def _differs(emotion: str, item: Measured) -> bool:
    """No emotion that passes for the clip's own: `angry` and `frustrated`."""
    return item.clip.emotion is not None and not kindred("emotions", emotion, item.clip.emotion)


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
