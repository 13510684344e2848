"""The speaker's emotion."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line

__all__ = ["EMOTION_CLA"]


def _answers(facts: Facts) -> Iterator[Answer]:
    if facts.clip.emotion:
        yield Answer(f"Speaker emotion: {one_line(facts.clip.emotion).capitalize()}.")


EMOTION_CLA = Task(
    name="emotion_cla",
    folder="classification",
    about="voice",
    asks="the speaker's emotion",
    needs=("emotion",),
    answers=_answers,
    pattern=r"\S.*: \S.*\.",
    example="Speaker emotion: Happy.",
)
