"""Whether a sound is heard: present ones, and absent ones that are heard in other clips."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.balance import own_or_not
from aig.generators.closed_ended.distractors import absent_from, heard
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.kinds import kinds_heard
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import pick
from aig.prompts.sound_families import nameable

__all__ = ["PRESENCE"]

_KINDS = 0.25
"""Share of the clips that are asked for a kind of sound, where the ontology knows one."""


def _offer(item: Measured, rng: random.Random) -> str | None:
    """A sound that is heard, or a kind of one.

    Only clips whose sounds have times are asked: of others nobody has said that all sounds are labelled.
    """
    if not item.clip.events or item.tagged:
        return None
    above = set(item.clip.parents or ())
    named = [label for label in heard(item) if nameable(label) and label not in above]
    kinds = kinds_heard(item)
    asked = kinds if kinds and (rng.random() < _KINDS or not named) else named
    return pick(rng, asked) if asked else None


def _absent(label: str, item: Measured) -> bool:
    return bool(item.clip.events) and absent_from(label, item)


def _answers(facts: Facts) -> Iterator[Answer]:
    """One question, of each sound as often where it is heard as where it is not."""
    if not (asked := own_or_not(facts, "presence", _offer, _absent, facts.peers.together)):
        return
    label, present = asked
    slots = {"label": noun_phrase(label)}
    yield Answer("Yes.", slots, difficulty="basic") if present else Answer("No.", slots, difficulty=_how(label, facts))


def _how(label: str, facts: Facts) -> str:
    """How hard it is to say that a sound is absent (POPE's adversarial, popular, random; arXiv 2305.10355)."""
    if any(facts.peers.together(label, each) for each in heard(facts.measured)):
        return "advanced"
    return "intermediate" if facts.peers.common(label) else "basic"


PRESENCE = Task(
    name="presence",
    folder="choice",
    about="sound",
    asks="whether the sound is heard",
    needs=("events",),
    answers=_answers,
    pattern=r"(?:Yes|No)\.",
    example="No.",
    skill="event recognition",
)
