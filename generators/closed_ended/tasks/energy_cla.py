"""The level of the voice's volume."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["ENERGY_CLA"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """Of a voice: a clip in which nobody speaks has none, whatever was measured on its sounds."""
    if facts.features and facts.somebody_speaks:
        yield Answer(f"The energy is {facts.features.volume_level}.")


ENERGY_CLA = Task(
    name="energy_cla",
    folder="classification",
    about="voice",
    asks="the level of the volume",
    needs=("volume_level",),
    answers=_answers,
    scale="volume",
    words=("very low", "low", "medium", "high", "very high"),
    example="The energy is low.",
)
