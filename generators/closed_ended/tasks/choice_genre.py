"""The genre of a piece of music, among genres of others."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.distractors import content_words
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.seeded_random import pick

__all__ = ["CHOICE_GENRE"]


def _offer(item: Measured, rng: random.Random) -> str | None:
    return pick(rng, item.clip.genres) if item.clip.genres else None


def _other_genre(genre: str, item: Measured) -> bool:
    """Names that share a word are kept apart: `Rock` and `Indie-Rock`."""
    return not any(genre == each or content_words(genre) & content_words(each) for each in item.clip.genres or ())


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_among_peers(facts, "choice_genre", _offer, _other_genre)


CHOICE_GENRE = Task(
    name="choice_genre",
    folder="choice",
    about="music",
    asks="the genre of the music",
    needs=("genres",),
    answers=_answers,
    pattern=OPTION,
    example="(D) Jazz",
    skill="genre",
)
