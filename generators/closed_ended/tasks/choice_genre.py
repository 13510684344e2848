"""The genre of a piece of music, among genres of others."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.kindred import kindred, told_by_ear
from aig.prompts.seeded_random import pick

__all__ = ["CHOICE_GENRE"]


def _offer(item: Measured, rng: random.Random) -> str | None:
    genres = [genre for genre in item.clip.genres or () if told_by_ear("genres", genre)]
    return pick(rng, genres) if genres else None


def _other_genre(genre: str, item: Measured) -> bool:
    """No kind of another is its wrong option, nor what passes for it: `Indie-Rock` and `Rock`, `Techno` and `House`."""
    return not any(kindred("genres", genre, each) for each in item.clip.genres or ())


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
