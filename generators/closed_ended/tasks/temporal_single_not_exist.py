"""A question about a sound that the clip does not contain."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.absent import absent_sounds
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import LABELS
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import in_sentence

__all__ = ["TEMPORAL_SINGLE_NOT_EXIST"]


def _answers(facts: Facts) -> Iterator[Answer]:
    for (absent,), included in absent_sounds(facts, 1):
        asked = in_sentence(absent)
        yield Answer(f"This audio clip does not contain sound of {asked}. {included}", {"label": asked})


TEMPORAL_SINGLE_NOT_EXIST = Task(
    name="temporal_single_not_exist",
    folder="closed",
    about="sound",
    asks="that the sound is not heard, and which ones are",
    needs=("events",),
    answers=_answers,
    bank="temporal_single",
    pattern=rf"This audio clip does not contain sound of .+\. Sounds in this clip include: {LABELS}\.",
    example="This audio clip does not contain sound of engine. Sounds in this clip include: Clock; Alarm clock.",
)
