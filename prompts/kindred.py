"""Genres and emotions: which can be told by ear, and which are kinds of one another or pass for each other.

Datasets list beside "Jazz" what nobody hears ("Compilation"), beside "angry" what names no emotion ("other"); a piece
that is called "Techno" is "Electronic" too, and who is frustrated is angry. `data/genres.yaml` and `data/emotions.yaml`
hold both, by the words of a name, so that they hold for anybody's own names as well.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Literal

from aig.core.settings import Strict
from aig.core.yaml_text import read_yaml

__all__ = ["kindred", "told_by_ear"]

Kind = Literal["genres", "emotions"]

_WORD = re.compile(r"[^\W_]+(?:&[^\W_]+)*|&")
_NO_MEANING = frozenset(("and", "of", "the", "music", "very", "&"))


class _Names(Strict):
    """The lists of a file, which says what each is for."""

    not_heard: frozenset[str]
    families: dict[str, tuple[str, ...]]


@cache
def told_by_ear(kind: Kind, name: str) -> bool:
    """Whether one could say by listening that a genre or an emotion is the right name, and that another is not."""
    plain = _plain(name)
    return bool(plain) and plain not in _names(kind).not_heard


@cache
def kindred(kind: Kind, one: str, other: str) -> bool:
    """Whether two names may be said of one clip: they share a word or a family."""
    shared = set(_plain(one).split()) & set(_plain(other).split()) - _NO_MEANING
    return bool(shared or _families(kind, one) & _families(kind, other)) or _plain(one) == _plain(other)


@cache
def _families(kind: Kind, name: str) -> frozenset[str]:
    text = f" {_plain(name)} "
    return frozenset(
        family for family, names in _names(kind).families.items() if any(f" {each} " in text for each in names)
    )


def _plain(name: str) -> str:
    return " ".join(_WORD.findall(name.casefold()))


@cache
def _names(kind: Kind) -> _Names:
    text = (resources.files("aig.prompts") / "data" / f"{kind}.yaml").read_text(encoding="utf-8")
    return _Names.model_validate(read_yaml(text))
