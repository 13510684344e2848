"""The speaker's emotion and the sentiment's score."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import SENTIMENT
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import SENTIMENTS, one_line

__all__ = ["EMOTION_DETAIL"]


def _answers(facts: Facts) -> Iterator[Answer]:
    clip = facts.clip
    if clip.emotion and clip.sentiment is not None:
        emotion = one_line(clip.emotion).capitalize()
        words = SENTIMENTS[clip.sentiment]
        yield Answer(f"Speaker emotion: {emotion}, with a sentiment score of {clip.sentiment} ({words}).")


EMOTION_DETAIL = Task(
    name="emotion_detail",
    folder="classification",
    about="voice",
    asks="the speaker's emotion, and the sentiment's score",
    needs=("emotion", "sentiment"),
    answers=_answers,
    pattern=rf"\S.*: \S.*, with a sentiment score of {SENTIMENT}\.",
    example="Speaker emotion: Happy, with a sentiment score of 2 (positive).",
)
