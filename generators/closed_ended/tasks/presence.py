"""Whether a sound is heard: present ones, and absent ones that are random, common or often beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from aig.generators.closed_ended.distractors import absent_from, heard, other_sound, random_sound
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.prompts.noun_phrases import noun_phrase
from aig.prompts.seeded_random import pick, rng_for
from aig.prompts.sound_families import nameable

__all__ = ["PRESENCE"]


def _answers(facts: Facts) -> Iterator[Answer]:
    """One question, as often about a sound that is heard as about one that is not; a quarter are about a kind of sound.

    A kind too is asked about only where there is another that is not heard, so that its name tells nothing.
    Only clips whose sounds have times are asked: of others nobody has said that all sounds are labelled.
    """
    rng = rng_for(facts.seed, facts.clip.audio_id, "presence")
    how = rng.choice(tuple(_ABSENT))
    present = [label for label in heard(facts.measured) if nameable(label) and label not in (facts.clip.parents or ())]
    absent = _ABSENT[how](facts)
    above = sorted(kind for kind in set(facts.clip.parents or ()) if nameable(kind))
    if above and rng.random() < 0.25 and (other := _kind(facts)):
        present, absent, how = above, other, "basic"
    if not absent or not present:  # where only one of the two could be asked, its answer would be known beforehand
        return
    if rng.random() < 0.5:
        yield Answer("No.", {"label": noun_phrase(absent[0])}, difficulty=how)
    else:
        yield Answer("Yes.", {"label": noun_phrase(pick(rng, present))}, difficulty="basic")


def _random(facts: Facts) -> Sequence[str]:
    found = random_sound(facts, "presence")
    return (found,) if found else ()


def _kind(facts: Facts) -> Sequence[str]:
    """A kind of sounds of other clips that this one certainly lacks."""
    for other in facts.peers.others(facts.clip.audio_id, facts.seed, "presence kind"):
        for kind in sorted(set(other.clip.parents or ())):
            if nameable(kind) and absent_from(kind, facts.measured):
                return (kind,)
    return ()


def _common(facts: Facts) -> Sequence[str]:
    found = other_sound(facts, "presence")
    return (found,) if found else ()


def _adversarial(facts: Facts) -> Sequence[str]:
    """A sound of another clip that shares a sound with this one."""
    present = set(heard(facts.measured))
    for other in facts.peers.others(facts.clip.audio_id, facts.seed, "presence"):
        if present & set(other.sounds):
            for label in other.sounds:
                if nameable(label) and absent_from(label, facts.measured):
                    return (label,)
    return _common(facts)


_ABSENT = {"basic": _random, "intermediate": _common, "advanced": _adversarial}
"""How an absent sound is drawn, by difficulty (POPE's random, popular, adversarial; arXiv 2305.10355)."""


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
