"""The speaker's age."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["AGE_CLA"]

OLDEST = 120
"""Years; nobody who speaks in a dataset is older."""


def _answers(facts: Facts) -> Iterator[Answer]:
    yield Answer(f"The estimated age of the speaker is {facts.clip.age}.")


AGE_CLA = Task(
    name="age_cla",
    folder="classification",
    about="voice",
    asks="the speaker's age in years",
    needs=("age",),
    answers=_answers,
    pattern=r"(?:.*[^\d.])?\d{1,3}\.",
    example="The estimated age of the speaker is 44.",
    at_most=OLDEST,
)
