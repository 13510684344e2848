"""The level of the speech's speed."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["SPEED_CLA"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """Of a voice: a clip in which nobody speaks has none, whatever was measured on its sounds."""
    if facts.features and facts.somebody_speaks:
        yield Answer(f"The speed is {facts.features.speed_level}.")


SPEED_CLA = Task(
    name="speed_cla",
    folder="classification",
    about="voice",
    asks="the level of the speed of speech",
    needs=("speed_level",),
    answers=_answers,
    scale="speed",
    words=("very slow", "slow", "medium", "fast", "very fast"),
    example="The speed is fast.",
)
