"""Genres of music: which can be told by ear, and which are kinds of one another or pass for each other.

Datasets list beside "Jazz" what nobody hears ("Compilation", "International"), and a piece that is called "Techno" is
"Electronic" too. `data/genres.yaml` holds both, by the words of a genre's name, so that they hold for anybody's own
genres as well.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from aig.core.settings import Strict
from aig.core.yaml_text import read_yaml

__all__ = ["kindred", "told_by_ear"]

_WORD = re.compile(r"[^\W_]+(?:&[^\W_]+)*|&")
_NO_MEANING = frozenset(("and", "of", "the", "music", "&"))


class _Genres(Strict):
    """The lists of `genres.yaml`, which says what each is for."""

    not_heard: frozenset[str]
    families: dict[str, tuple[str, ...]]


@cache
def told_by_ear(genre: str) -> bool:
    """Whether one could say by listening that a piece is of this genre, and that another is not."""
    name = _plain(genre)
    return bool(name) and name not in _genres().not_heard


@cache
def kindred(one: str, other: str) -> bool:
    """Whether two genres may be said of one piece: they share a word or a family."""
    shared = set(_plain(one).split()) & set(_plain(other).split()) - _NO_MEANING
    return bool(shared or _families(one) & _families(other)) or _plain(one) == _plain(other)


@cache
def _families(genre: str) -> frozenset[str]:
    name = f" {_plain(genre)} "
    return frozenset(
        family for family, names in _genres().families.items() if any(f" {each} " in name for each in names)
    )


def _plain(genre: str) -> str:
    return " ".join(_WORD.findall(genre.casefold()))


@cache
def _genres() -> _Genres:
    text = (resources.files("aig.prompts") / "data" / "genres.yaml").read_text(encoding="utf-8")
    return _Genres.model_validate(read_yaml(text))
