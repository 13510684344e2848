"""Sounds and sentences of other clips that are certainly wrong for a clip."""

from __future__ import annotations

import re

from aig.core.records import Measured
from aig.generators.closed_ended.absent import absent_labels
from aig.generators.closed_ended.facts import Facts
from aig.prompts.seeded_random import pick, rng_for
from aig.prompts.sound_families import nameable, related

__all__ = ["absent_from", "content_words", "heard", "other_sound"]

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
    clip = item.clip
    events = (event.label for event in clip.events or ())
    return tuple(dict.fromkeys((*item.sounds, *events, *(clip.labels or ()), *(clip.parents or ()))))


def absent_from(label: str, item: Measured) -> bool:
    """Whether a sound is certainly not heard: it is neither named nor related to one that is."""
    return not any(related(label, each) for each in heard(item))


def other_sound(facts: Facts, task: str) -> str | None:
    """A sound of another clip that this one certainly lacks; from the vocabulary where no clip has one."""
    rng = rng_for(facts.seed, facts.clip.audio_id, task, "sounds")
    for other in facts.peers.others(facts.clip.audio_id, facts.seed, task):
        label = pick(rng, other.sounds) if other.sounds else ""
        if label and nameable(label) and absent_from(label, facts.measured):
            return label
    present = heard(facts.measured)
    return next(iter(absent_labels(present, facts.vocabulary, 1, facts.seed, facts.clip.audio_id, task)), None)


def content_words(text: str) -> frozenset[str]:
    """The words of a sentence that say what it is about, in lower case and without the s of a plural."""
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(word.removesuffix("s") for word in words if word not in _FUNCTION_WORDS)
