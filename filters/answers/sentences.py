"""A text cut into sentences and words, without what somebody else is quoted with."""

from __future__ import annotations

import re

__all__ = ["WORD", "content_words", "sentences", "unquoted"]

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
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”")


def unquoted(text: str) -> str:
    """The text with the content of quotation marks left out."""
    return _QUOTED.sub('""', text)


def sentences(text: str) -> list[str]:
    """The sentences of a text; a decimal point ends none."""
    return _SENTENCE.findall(text)


def content_words(text: str) -> set[str]:
    """The words of a text, in lower case, but for those that every text holds."""
    return set(WORD.findall(text.casefold())) - _EMPTY
