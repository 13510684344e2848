"""The genres of a piece of music."""

from __future__ import annotations

from collections.abc import Iterator

from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.metadata import one_line

__all__ = ["GENRE_CLA"]


def _answers(facts: Facts) -> Iterator[Answer]:
    yield Answer(f"Music genre: {', '.join(one_line(genre) for genre in facts.clip.genres or ())}.")


GENRE_CLA = Task(
    name="genre_cla",
    folder="classification",
    about="music",
    asks="the genres of the music",
    needs=("genres",),
    answers=_answers,
    pattern=r"\S.*: \S.*\.",
    example="Music genre: Folk, Pop.",
)
