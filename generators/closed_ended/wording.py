"""How labels and captions are written inside questions and answers."""

from __future__ import annotations

import re

from aig.prompts.metadata import one_line

__all__ = ["in_sentence", "sentence", "spoken_words"]

_WORD = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*")


def in_sentence(label: str) -> str:
    """A label within a sentence: `Engine` as `engine`, but `DTMF` and `Hi-hat` keep what makes them names."""
    text = one_line(label)
    return text if text[:2].isupper() else text[:1].lower() + text[1:]


def sentence(caption: str) -> str:
    """A caption on one line, with a capital at its start and a stop at its end."""
    text = one_line(caption)
    text = text[0].upper() + text[1:]
    return text if text.rstrip("\"')”’").endswith((".", "!", "?", "…")) else f"{text}."


def spoken_words(text: str) -> list[str]:
    """The words of what is said, in lower case and without punctuation; `don't` and `well-known` are one each."""
    return [word.lower() for word in _WORD.findall(text)]
