"""Sounds that a clip does not contain: plausible ones, and never a relative of one that it does.

A clip with a dog has an animal in it, and a barking one too: asking whether there is an animal, or answering that
there is no bark, would be wrong. Relatives come from `data/families.yaml`, by the words of a class's name, so that
they also hold for the classes of anybody's own data; two names that share a word are kept apart as well.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache, lru_cache
from hashlib import blake2b
from importlib import resources

import numpy as np
import numpy.typing as npt
import yaml

__all__ = ["absent_labels", "nameable", "related"]

_WORD = re.compile(r"[^\W_]+(?:-[^\W_]+)*")
_NO_MEANING = frozenset(("and", "the", "other", "with", "sound", "noise"))


def absent_labels(
    present: Sequence[str], vocabulary: tuple[str, ...], count: int, *identity: object
) -> tuple[str, ...]:
    """Up to `count` labels of the vocabulary that are not heard, nor relatives of each other or of what is heard.

    Each candidate has its own place in the draw, from its name and `identity` alone, so that a vocabulary that grows
    changes few draws.

    Args:
        present: labels that are heard.
        vocabulary: labels to draw from.
        count: how many are wanted.
        identity: seed and clip.
    """
    labels, hashes = _candidates(vocabulary)
    key = _hash("\x1f".join(str(part) for part in identity))
    chosen: list[str] = []
    for index in np.argsort(_mixed(hashes ^ np.uint64(key)), kind="stable"):
        label = labels[index]
        if not any(related(label, other) for other in (*present, *chosen)):
            chosen.append(label)
            if len(chosen) == count:
                break
    return tuple(chosen)


@lru_cache(maxsize=64)
def _candidates(vocabulary: tuple[str, ...]) -> tuple[tuple[str, ...], npt.NDArray[np.uint64]]:
    """The labels that may be called absent, in alphabetical order, and a hash of each."""
    labels = tuple(sorted({label for label in vocabulary if nameable(label)}))
    return labels, np.array([_hash(label) for label in labels], dtype=np.uint64)


def _hash(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "little")


def _mixed(values: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64's finalizer (Steele et al. 2014): every bit of a value decides about every bit of the result."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


@cache
def nameable(label: str) -> bool:
    """Whether one can say for certain that a clip lacks this sound: not so for a noise, a hum or a background."""
    return "vague" not in _families(label)


@cache
def related(a: str, b: str) -> bool:
    """Whether one sound may be, contain, or pass for the other."""
    families_a, families_b = _families(a), _families(b)
    if "anything" in families_a | families_b or (families_a & families_b) - {"vague"}:
        return True
    return a == b or bool(_words(a) & _words(b))


@cache
def _families(label: str) -> frozenset[str]:
    name = f" {' '.join(_stem(word) for word in _WORD.findall(label.casefold().replace('_', ' ')))} "
    return frozenset(family for family, phrases in _table().items() if any(phrase in name for phrase in phrases))


@cache
def _table() -> dict[str, tuple[str, ...]]:
    text = (resources.files("generators.closed_ended") / "data" / "families.yaml").read_text(encoding="utf-8")
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
