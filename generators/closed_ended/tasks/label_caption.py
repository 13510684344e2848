"""Which sounds are heard, and what happens."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import LABELS
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import sentence
from aig.prompts.metadata import one_line

__all__ = ["LABEL_CAPTION"]


def _answers(facts: Facts) -> Iterator[Answer]:
    labels = "; ".join(one_line(label) for label in facts.sounds)
    for caption in facts.clip.captions or ():
        yield Answer(f"Labels: {labels}. Audio caption: {sentence(caption)}")


LABEL_CAPTION = Task(
    name="label_caption",
    folder="closed",
    about="sound",
    asks="the sounds that are heard, then a caption of the clip",
    needs=("sounds", "captions"),
    answers=_answers,
    pattern=rf"Labels: {LABELS}\. Audio caption: \S.*",
    example="Labels: Police car (siren); Traffic noise. Audio caption: A siren is sounding.",
    copies=True,
)
