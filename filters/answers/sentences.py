"""A text cut into sentences and words, without what somebody else is quoted with."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["WORD", "content_words", "sentences", "stem_of", "stems", "unquoted"]

WORD = re.compile(r"[^\W_]+(?:[.'’-][^\W_]+)*")
"""A word, with the hyphens, apostrophes and points inside it."""

_EMPTY = frozenset(
    """
    a about all also an and any are as at audio based be because been being by can clip could do does for from given had
    has have he heard her his how i in indicates into is it its kind like may might most of on one or our recording said
    seems she should shows since so sound sounds speaker such suggests than that the their them there these they this to
    very voice was we were what when where which who whose why will with would you your
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
_SENTENCE = re.compile(r"[^.!?;\n]+(?:\.(?=\d)[^.!?;\n]+)*")
_POSSESSIVE = re.compile(r"['’]s$")
_KEPT = 128
"""Texts that are remembered as they were cut up: several filters look at the same few, one pair after another."""

_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")


@lru_cache(maxsize=_KEPT)
def unquoted(text: str) -> str:
    """The text with the content of quotation marks left out."""
    return _QUOTED.sub('""', text)


@lru_cache(maxsize=_KEPT)
def sentences(text: str) -> tuple[str, ...]:
    """The sentences of a text; a decimal point ends none."""
    return tuple(_SENTENCE.findall(text))


@lru_cache(maxsize=_KEPT)
def content_words(text: str) -> frozenset[str]:
    """The words of a text, in lower case, but for those that every text holds."""
    return frozenset(WORD.findall(text.casefold())) - _EMPTY


@lru_cache(maxsize=_KEPT)
def stems(text: str) -> frozenset[str]:
    """The content words of a text without their endings."""
    return frozenset(map(stem_of, content_words(text)))


@lru_cache(maxsize=65_536)
def stem_of(word: str) -> str:
    """A word without the endings of number, tense and manner, as far as its beginning stays: `barking` is `bark`."""
    word = _POSSESSIVE.sub("", word)
    for ending in ("ingly", "edly", "ness", "ing", "ies", "ied", "ers", "est", "er", "ed", "es", "ly", "s", "y", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 3 else word
