"""Sounds and sentences of other clips that are certainly wrong for a clip."""

from __future__ import annotations

import re
from functools import lru_cache

from aig.core.records import Measured
from aig.prompts.sound_families import related, root

__all__ = ["absent_from", "content_words", "heard"]

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


def _named(item: Measured) -> tuple[str, ...]:
    """The sounds of a clip, with times or without."""
    events = (event.label for event in item.clip.events or ())
    return tuple(dict.fromkeys((*item.sounds, *events, *(item.clip.labels or ()))))


@lru_cache(maxsize=16_384)
def content_words(text: str) -> frozenset[str]:
    """The words of a sentence that say what it is about, in lower case and without their endings."""
    words = (word.casefold() for word in _WORD.findall(text))
    return frozenset(root(word) for word in words if word not in _FUNCTION_WORDS)
