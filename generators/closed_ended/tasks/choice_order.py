"""In which order the sounds of a clip begin."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from aig.generators.closed_ended import timing
from aig.generators.closed_ended.choices import OPTION, pose
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.seeded_random import rng_for

__all__ = ["CHOICE_ORDER"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """The options are orders of the same sounds, two or three that begin clearly one after the other."""
    in_order = timing.clear_order(facts.clip, 3)
    if len(in_order) < 2:
        return
    orders = [", then ".join(order) for order in permutations(in_order)]
    wrong = orders[1:]
    rng_for(facts.seed, facts.clip.audio_id, "choice_order", "wrong").shuffle(wrong)
    yield from pose(facts, "choice_order", orders[0], wrong[:3], difficulty="advanced")


CHOICE_ORDER = Task(
    name="choice_order",
    folder="choice",
    about="sound",
    asks="in which order the clip's sounds begin",
    needs=("events",),
    answers=_answers,
    pattern=OPTION,
    example="(C) Dog, then Bell, then Car",
    skill="temporal events",
)
