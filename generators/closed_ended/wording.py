"""How labels and captions are written inside questions and answers."""

from __future__ import annotations

import re
import unicodedata

from aig.prompts.metadata import one_line

__all__ = ["in_sentence", "sentence", "spoken_words"]


def in_sentence(label: str) -> str:
    """A label within a sentence: `Engine` as `engine`, but `DTMF` and `Hi-hat` keep what makes them names."""
    text = one_line(label)
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def sentence(caption: str) -> str:
    """A caption on one line, with a capital at its start and a stop at its end."""
    text = one_line(caption)
    text = text[0].upper() + text[1:]
    return text if text.rstrip("\"')”’").endswith((".", "!", "?", "…")) else f"{text}."


_JOINERS = {0x200B: " ", 0x200C: None, 0x200D: None, 0xAD: None, 0x2010: "-", 0x2011: "-"}
"""Spaces and hyphens of no width, which are no part of a word's sound; hyphens that are not ASCII's."""

_UNSURE = re.compile(r"[%&@#*/\\<>\[\](){}_§]|\w\.\w")

_WITHOUT_SPACES = ("BALINESE", "CJK", "HIRAGANA", "JAVANESE", "KATAKANA", "KHMER", "LAO", "MYANMAR", "THAI", "TIBETAN")


def spoken_words(text: str) -> list[str]:
    """The words that are said, in lower case and without punctuation; `don't` and `well-known` are one each.

    None where a text does not tell for certain which words are heard: it holds figures ("20" is "twenty"), signs ("%"),
    abbreviations with stops, or notes in brackets, or is in a script that sets no spaces between words.
    """
    text = unicodedata.normalize("NFC", text).translate(_JOINERS)
    if _UNSURE.search(text) or any(_is_sign(char) for char in set(text)):
        return []
    letters = (char if char in "'’-" or unicodedata.category(char)[0] in "LM" else " " for char in text)
    words = (word.strip("'’-") for word in "".join(letters).replace("--", " ").split())
    return [word.lower() for word in words if word]


def _is_sign(char: str) -> bool:
    """Whether a character is a figure, a symbol, or of a script without spaces."""
    return unicodedata.category(char)[0] in "NS" or unicodedata.name(char, "").startswith(_WITHOUT_SPACES)
