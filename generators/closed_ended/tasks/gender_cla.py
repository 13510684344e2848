"""The speaker's gender."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line

__all__ = ["GENDER_CLA"]


def _answers(facts: Facts) -> Iterator[Answer]:
    if facts.clip.gender:
        yield Answer(f"The gender of the speaker is {one_line(facts.clip.gender)}.")


GENDER_CLA = Task(
    name="gender_cla",
    folder="classification",
    about="voice",
    asks="the speaker's gender",
    needs=("gender",),
    answers=_answers,
    pattern=r"\S.*\.",
    example="The gender of the speaker is female.",
)
