"""What is said."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line

__all__ = ["ASR"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """The annotated words, or the recogniser's where the settings ask for them."""
    text = facts.clip.text or (facts.transcript if facts.settings.recognised_asr else "")
    if one_line(text):
        yield Answer(f"Spoken text: {one_line(text)}")


ASR = Task(
    name="ASR",
    folder="closed",
    about="voice",
    asks="the words that are said",
    needs=("text|transcript",),
    answers=_answers,
    pattern=r"Spoken text: \S.*",
    example="Spoken text: We were all going direct to heaven.",
)
