"""Which of several sounds is heard."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.distractors import absent_from
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.seeded_random import pick
from aig.prompts.sound_families import nameable

__all__ = ["CHOICE_LABEL"]


def _offer(item: Measured, rng: random.Random) -> str | None:
    named = [label for label in item.sounds if nameable(label)]
    return pick(rng, named) if named else None


def _answers(facts: Facts) -> Iterator[Answer]:
    """Beside sounds of the same kind by the ontology where there are any that cannot be taken for it."""
    yield from pose_among_peers(facts, "choice_label", _offer, absent_from, near=facts.peers.near)


CHOICE_LABEL = Task(
    name="choice_label",
    folder="choice",
    about="sound",
    asks="which of the sounds is heard",
    needs=("sounds",),
    answers=_answers,
    pattern=OPTION,
    example="(B) Dog",
    skill="event recognition",
)
