"""Patterns that most texts do not hold, looked for only where a text has a word that they cannot do without."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

__all__ = ["Seldom", "letters"]

_LETTERS = re.compile(r"[a-z]+")
_ODD = re.compile("[İıſ]")
"""The letters that a pattern without regard to case takes for an i or an s, and `str.lower` does not."""


@lru_cache(maxsize=512)
def letters(text: str) -> frozenset[str]:
    """The runs of Latin letters in a text, in lower case: `Isn't it F0?` holds isn, t, it, f."""
    return frozenset(_LETTERS.findall(text.lower()))


class Seldom:
    """A pattern and words of which a text must hold one for the pattern to be found in it.

    It finds what the pattern finds. Looking for the words first takes a tenth of the time, as many patterns look for
    them in the same text, which is cut into words once.
    """

    def __init__(self, pattern: re.Pattern[str], words: str, parts: Iterable[str] = ()) -> None:
        """Takes a pattern that has no regard to case, and what it needs.

        Args:
            pattern: each of its alternatives holds one of the words between marks that are not letters, or a part.
            words: in lower case, runs of Latin letters, with spaces between.
            parts: in lower case, of words or of anything else.
        """
        self.pattern, self.words, self.parts = pattern, frozenset(words.split()), tuple(parts)

    def may_be_in(self, text: str) -> bool:
        """Whether a text holds what the pattern needs."""
        if not self.words.isdisjoint(letters(text)):
            return True
        if self.parts:
            lower = text.lower()
            if any(part in lower for part in self.parts):
                return True
        return not text.isascii() and _ODD.search(text) is not None

    def search(self, text: str) -> re.Match[str] | None:
        """The first place where the pattern is found."""
        return self.pattern.search(text) if self.may_be_in(text) else None

    def finditer(self, text: str) -> Iterator[re.Match[str]]:
        """All of them."""
        return self.pattern.finditer(text) if self.may_be_in(text) else iter(())
