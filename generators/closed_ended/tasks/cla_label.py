"""Which sounds are heard."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.forms import LABELS
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line

__all__ = ["CLA_LABEL"]


def _answers(facts: Facts) -> Iterator[Answer]:
    yield Answer(f"Labels: {'; '.join(one_line(label) for label in facts.sounds)}")


CLA_LABEL = Task(
    name="cla_label",
    folder="classification",
    about="sound",
    asks="the sounds that are heard",
    needs=("sounds",),
    answers=_answers,
    pattern=rf"Labels: {LABELS}",
    example="Labels: Guitar; Music; Plucked string instrument",
)
