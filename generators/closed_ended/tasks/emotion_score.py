"""The sentiment on a scale from -3 to 3."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import SENTIMENT
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import SENTIMENTS

__all__ = ["EMOTION_SCORE"]


def _answers(facts: Facts) -> Iterator[Answer]:
    if (score := facts.clip.sentiment) is not None:
        yield Answer(f"Sentiment score: {score} ({SENTIMENTS[score]}).")


EMOTION_SCORE = Task(
    name="emotion_score",
    folder="classification",
    about="voice",
    asks="the sentiment's score from -3 to 3, and its word",
    needs=("sentiment",),
    answers=_answers,
    pattern=rf"\S.*: {SENTIMENT}\.",
    example="Sentiment score: -3 (highly negative).",
)
