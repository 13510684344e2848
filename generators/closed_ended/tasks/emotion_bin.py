"""Whether the sentiment is positive, negative or neutral."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["EMOTION_BIN"]


def _answers(facts: Facts) -> Iterator[Answer]:
    if (score := facts.clip.sentiment) is not None:
        yield Answer(f"Sentiment: {'Positive' if score > 0 else 'Negative' if score < 0 else 'Neutral'}.")


EMOTION_BIN = Task(
    name="emotion_bin",
    folder="classification",
    about="voice",
    asks="whether the sentiment is positive, negative or neutral",
    needs=("sentiment",),
    answers=_answers,
    pattern=r"\S.*: (?i:positive|negative|neutral)\.",
    example="Sentiment: Positive.",
)
