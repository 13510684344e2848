"""What happens in the clip, as a person described it."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import sentence

__all__ = ["CAPTION"]


def _answers(facts: Facts) -> Iterator[Answer]:
    for caption in facts.clip.captions or ():
        yield Answer(f"Audio caption: {sentence(caption)}")


CAPTION = Task(
    name="caption",
    folder="closed",
    about="sound",
    asks="a caption of the clip",
    needs=("captions",),
    answers=_answers,
    pattern=r"Audio caption: \S.*",
    example="Audio caption: A dog barks twice.",
    copies=True,
)
