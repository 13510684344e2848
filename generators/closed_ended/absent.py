"""Sounds that a clip does not contain: plausible ones, and never a relative of one that it does.

A clip with a dog has an animal in it, and a barking one too: asking whether there is an animal, or answering that
there is no bark, would be wrong. Relatives come from `data/families.yaml`; a class that is in no family is kept apart
from those it shares a word with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import cache
from hashlib import blake2b
from importlib import resources

import yaml

__all__ = ["absent_labels", "related"]

_NO_MEANING = {"sound", "sounds", "noise", "and", "or", "of", "the", "a", "other", "with", "in", "playing", "small"}


def absent_labels(present: Sequence[str], vocabulary: Iterable[str], count: int, *identity: object) -> tuple[str, ...]:
    """Up to `count` labels of the vocabulary that are not heard, nor relatives of each other or of what is heard.

    Each candidate has its own place in the draw, from its name and `identity` alone, so that a vocabulary that grows
    changes few draws.
    """
    prefix = "\x1f".join(str(part) for part in identity)
    chosen: list[str] = []
    for label in sorted(set(vocabulary), key=lambda label: _place(prefix, label)):
        if not any(related(label, other) for other in (*present, *chosen)):
            chosen.append(label)
            if len(chosen) == count:
                break
    return tuple(chosen)


def _place(prefix: str, label: str) -> bytes:
    return blake2b(f"{prefix}\x1f{label}".encode(), digest_size=8).digest()


@cache
def related(a: str, b: str) -> bool:
    """Whether one sound may contain or be taken for the other, or is too vague to be called absent."""
    if a == b:
        return True
    families_a, families_b = _families(a), _families(b)
    if "vague" in families_a or "vague" in families_b:
        return True
    return bool(families_a & families_b or _words(a) & _words(b))


@cache
def _families(label: str) -> frozenset[str]:
    return frozenset(name for name, members in _table().items() if _key(label) in members)


@cache
def _table() -> dict[str, frozenset[str]]:
    text = (resources.files("generators.closed_ended") / "data" / "families.yaml").read_text(encoding="utf-8")
    return {name: frozenset(map(_key, members)) for name, members in yaml.safe_load(text).items()}


@cache
def _words(label: str) -> frozenset[str]:
    return frozenset(word.rstrip("s") for word in re.findall(r"[^\W_]{3,}", label.casefold())) - _NO_MEANING


def _key(label: str) -> str:
    return " ".join(label.replace("_", " ").split()).casefold()
