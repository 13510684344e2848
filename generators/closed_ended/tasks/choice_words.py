"""Which sentence is said, among sentences of other clips."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.distractors import content_words
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line

__all__ = ["CHOICE_WORDS"]


def _offer(item: Measured, _: random.Random) -> str | None:
    """A sentence of three to thirty words."""
    text = one_line(item.clip.text or item.spoken)
    return text if 3 <= len(text.split()) <= 30 else None


def _other_words(text: str, item: Measured) -> bool:
    """Sentences about as long as the clip's own, with few of its words."""
    own = one_line(item.clip.text or item.spoken)
    alike = 0.6 <= len(text.split()) / max(len(own.split()), 1) <= 1.6
    shared, both = content_words(text) & content_words(own), content_words(text) | content_words(own)
    return alike and bool(both) and len(shared) <= 0.3 * len(both)


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_among_peers(facts, "choice_words", _offer, _other_words)


CHOICE_WORDS = Task(
    name="choice_words",
    folder="choice",
    about="voice",
    asks="which of the sentences is said",
    needs=("text|transcript",),
    answers=_answers,
    pattern=OPTION,
    example="(A) Who is there?",
    skill="spoken content",
)
