"""The speaker's gender and emotion."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line

__all__ = ["GENDER_EMOTION_CLA"]


def _answers(facts: Facts) -> Iterator[Answer]:
    clip = facts.clip
    if clip.gender and clip.emotion:
        yield Answer(
            f"The gender of the speaker is {one_line(clip.gender)}, and the emotion is {one_line(clip.emotion)}."
        )


GENDER_EMOTION_CLA = Task(
    name="gender_emotion_cla",
    folder="classification",
    about="voice",
    asks="the speaker's gender and emotion",
    needs=("gender", "emotion"),
    answers=_answers,
    pattern=r"\S.*\.",
    example="The gender of the speaker is male, and the emotion is sad.",
)
