"""The level of the voice's pitch."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["PITCH_CLA"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """Of a voice: a clip in which nobody speaks has none, whatever was measured on its sounds."""
    if facts.features and facts.somebody_speaks:
        yield Answer(f"The pitch is {facts.features.pitch_level}.")


PITCH_CLA = Task(
    name="pitch_cla",
    folder="classification",
    about="voice",
    asks="the level of the pitch",
    needs=("pitch_level",),
    answers=_answers,
    scale="pitch",
    words=("very low", "low", "medium", "high", "very high"),
    example="The pitch is medium.",
)
