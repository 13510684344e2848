"""A question about two sounds that the clip does not contain."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.absent import absent_sounds
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import LABELS
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import in_sentence
from aig.prompts.metadata import one_line

__all__ = ["TEMPORAL_ORDER_NOT_EXIST"]


def _answers(facts: Facts) -> Iterator[Answer]:
    for absent, included in absent_sounds(facts, 2):
        first, second = map(one_line, absent)
        slots = {"first": in_sentence(first), "second": in_sentence(second)}
        yield Answer(f"This audio clip does not contain sounds of {first} and {second}. {included}", slots)


TEMPORAL_ORDER_NOT_EXIST = Task(
    name="temporal_order_not_exist",
    folder="closed",
    about="sound",
    asks="that neither sound is heard, and which ones are",
    needs=("events",),
    answers=_answers,
    bank="temporal_order",
    pattern=rf"This audio clip does not contain sounds? of .+\. Sounds in this clip include: {LABELS}\.",
    example="This audio clip does not contain sounds of Dog and Bell. Sounds in this clip include: Car; Wind.",
)
