"""Sounds and sentences of other clips that are certainly wrong for a clip."""

from __future__ import annotations

import re
from functools import lru_cache

from aig.core.records import Measured
from aig.generators.closed_ended.absent import absent_labels
from aig.generators.closed_ended.facts import Facts
from aig.prompts.seeded_random import pick, rng_for
from aig.prompts.sound_families import nameable, related

__all__ = ["absent_from", "content_words", "heard", "other_sound", "random_sound"]

_WORD = re.compile(r"[^\W\d_]{3,}")
_FUNCTION_WORDS = frozenset(
    _WORD.findall(
        "and the with while are was were then for from that this into over some his her its their there who which "
        "other another others background foreground sound sounds heard hear being been has have had out down off not "
        "near under behind after before very"
    )
)


def heard(item: Measured) -> tuple[str, ...]:
    """All that is known to be heard: sounds, those with times, and what they are kinds of."""
    return tuple(dict.fromkeys((*_named(item), *(item.clip.parents or ()))))


def absent_from(label: str, item: Measured) -> bool:
    """Whether a sound is certainly not heard: nothing related to it is named, and nothing named is of its kind.

    What only shares a kind with a heard one is absent: where there is a frog, so a wild animal, there is no snake.
    """
    return label not in (item.clip.parents or ()) and not any(related(label, each) for each in _named(item))


def random_sound(facts: Facts, task: str) -> str | None:
    """A sound of the vocabulary that the clip certainly lacks."""
    item = facts.measured
    identity = (facts.seed, facts.clip.audio_id, task)
    found = absent_labels(_named(item), facts.vocabulary, 1 + len(item.clip.parents or ()), *identity)
    return next((label for label in found if absent_from(label, item)), None)


def _named(item: Measured) -> tuple[str, ...]:
    """The sounds of a clip, with times or without."""
    events = (event.label for event in item.clip.events or ())
    return tuple(dict.fromkeys((*item.sounds, *events, *(item.clip.labels or ()))))


def other_sound(facts: Facts, task: str) -> str | None:
    """A sound of another clip that this one certainly lacks; from the vocabulary where no clip has one."""
    rng = rng_for(facts.seed, facts.clip.audio_id, task, "sounds")
    for other in facts.peers.others(facts.clip.audio_id, facts.seed, task):
        label = pick(rng, other.sounds) if other.sounds else ""
        if label and nameable(label) and absent_from(label, facts.measured):
            return label
    return random_sound(facts, task)


@lru_cache(maxsize=16_384)
def content_words(text: str) -> frozenset[str]:
    """The words of a sentence that say what it is about, in lower case and without the s of a plural."""
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(word.removesuffix("s") for word in words if word not in _FUNCTION_WORDS)
