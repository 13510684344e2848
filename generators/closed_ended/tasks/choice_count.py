"""How often a sound is heard, among numbers."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended import timing
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase

__all__ = ["CHOICE_COUNT"]


def _offer(item: Measured, rng: random.Random) -> str | None:
    found = timing.countable(item.clip, rng)
    return str(found[1]) if found else None


def _slots(item: Measured, rng: random.Random) -> dict[str, str]:
    found = timing.countable(item.clip, rng)
    return {"label": noun_phrase(found[0])} if found else {}


def _other_number(_: str, item: Measured) -> bool:
    return bool(item.clip.events)


def _answers(facts: Facts) -> Iterator[Answer]:
    """Numbers of other clips: each of a set is right once, so that "1" is no better a guess than "4"."""
    yield from pose_among_peers(facts, "choice_count", _offer, _other_number, _slots, difficulty="advanced")


CHOICE_COUNT = Task(
    name="choice_count",
    folder="choice",
    about="sound",
    asks="how often the sound is heard",
    needs=("events",),
    answers=_answers,
    pattern=OPTION,
    example="(C) 3",
    skill="counting",
)
