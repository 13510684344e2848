"""Families of sounds: which classes are kinds or parts of one another, or may pass for each other.

A clip with a dog has an animal in it, and a barking one too: asking whether there is an animal, or answering that
there is no bark, would be wrong. Families come from `data/families.yaml`, by the words of a class's name, so that
they also hold for the classes of anybody's own data; two names that share a word are kept apart as well. AudioSet's
ontology (`aig.datasets_registry.ontology`) is asked instead where the question is what a class is a kind of.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache
from importlib import resources

import yaml

__all__ = ["nameable", "of_one_family", "related", "root"]

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_NO_MEANING = frozenset(("and", "the", "other", "with", "sound", "noise"))


_LEAST_ROOT = 3

_ONLY_SORT = frozenset(
    (
        "acoustic environment",
        "hands",
        "human group actions",
        "human locomotion",
        "music genre",
        "music mood",
        "music role",
        "musical concepts",
        "sound equipment",
    )
)
"""Nodes of AudioSet's ontology that only sort others: nobody says that such a sound is heard."""


@cache
def nameable(label: str) -> bool:
    """Whether one can say for certain that a clip lacks this sound: not so for a noise, a hum or sounds of things.

    Nor for a name that is blank, or that cannot stand in a list, whose items are set off by semicolons.
    """
    if not label.strip() or ";" in label:
        return False
    return label.casefold() not in _ONLY_SORT and not _families(label) & {"vague", "anything"}


@cache
def related(a: str, b: str) -> bool:
    """Whether one sound may be, contain, or pass for the other."""
    families_a, families_b = _families(a), _families(b)
    if "anything" in families_a | families_b or (families_a & families_b) - {"vague"}:
        return True
    return a == b or bool(_words(a) & _words(b))


def of_one_family(a: str, b: str) -> bool:
    """Whether two sentences name sounds of one family: a car's motor and a roaring engine, chimes and ringing bells."""
    return bool((_told(a) & _told(b)) - {"vague"})


def root(word: str) -> str:
    """A word in lower case without the endings of its forms, roughly: `chime` and `chiming` are `chim`."""
    word = word.removesuffix("s")
    for ending in ("ing", "ed", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_ROOT:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > _LEAST_ROOT and word[-1] == word[-2] else word


@lru_cache(maxsize=65_536)  # captions are as many as clips, labels are not
def _told(sentence: str) -> frozenset[str]:
    """The families of the sounds that a sentence tells of, in whichever form of a verb."""
    text = f" {' '.join(root(word) for word in _WORD.findall(sentence.casefold()))} "
    return frozenset(family for family, phrases in _roots().items() if any(phrase in text for phrase in phrases))


@cache
def _roots() -> dict[str, tuple[str, ...]]:
    return {
        family: tuple(f" {' '.join(map(root, phrase.split()))} " for phrase in phrases)
        for family, phrases in _table().items()
    }


@cache
def _families(label: str) -> frozenset[str]:
    name = f" {' '.join(_stem(word) for word in _WORD.findall(label.casefold().replace('_', ' ')))} "
    return frozenset(family for family, phrases in _table().items() if any(phrase in name for phrase in phrases))


@cache
def _table() -> dict[str, tuple[str, ...]]:
    text = (resources.files("aig.prompts") / "data" / "families.yaml").read_text(encoding="utf-8")
    return {
        family: tuple(f" {' '.join(_stem(word) for word in phrase.split())} " for phrase in phrases)
        for family, phrases in yaml.safe_load(text).items()
    }


@cache
def _words(label: str) -> frozenset[str]:
    words = (_stem(word) for word in _WORD.findall(label.casefold().replace("_", " ")))
    return frozenset(word for word in words if len(word) > 2) - _NO_MEANING


def _stem(word: str) -> str:
    """The word without the s of a plural."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
