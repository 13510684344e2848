"""How far a recogniser's transcript is from the annotated text: swapped files and wrong segments show in it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

__all__ = ["BANDS", "band", "word_error_rate"]

BANDS = (0.10, 0.25, 0.50, 0.75)
"""Bounds between the bands of word error rates in which clips are counted."""

_WITHOUT_BLANKS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff]")
"""Letters of scripts that write no blanks between words: Thai, Lao, Burmese, Khmer, Japanese, Chinese."""


def band(rate: float) -> int:
    """The place of a rate among the bands, from 0: at most 10 %, 25 %, 50 %, 75 %, and more."""
    return sum(rate > bound for bound in BANDS)


def word_error_rate(text: str, transcript: str) -> float | None:
    """The word error rate of a transcript: words replaced, left out and added, over the words of the text.

    Case, punctuation, hyphens and English contractions do not count; numbers written as figures do. In scripts without
    blanks between words, characters are counted instead.

    Args:
        text: as annotated.
        transcript: as recognised; empty: nothing was.

    Returns:
        0 for the same words, 1 where none is right, above 1 where more was added; `None` where the text has no words.
    """
    import jiwer  # takes a fifth of a second

    words, normal = _normalisation()
    reference, hypothesis = normal(text.replace("-", " ")), normal(transcript.replace("-", " "))
    if not reference:
        return None
    if 2 * len(_WITHOUT_BLANKS.findall(reference)) > len(reference.replace(" ", "")):
        return float(jiwer.cer(reference.replace(" ", ""), hypothesis.replace(" ", "")))
    return float(jiwer.wer(reference, hypothesis, reference_transform=words, hypothesis_transform=words))


@cache
def _normalisation() -> tuple[Any, Any]:
    """The library's transformations: a normal text into words, and any text into a normal one."""
    import jiwer

    steps: list[Any] = [
        jiwer.ToLowerCase(),
        jiwer.ExpandCommonEnglishContractions(),
        jiwer.RemovePunctuation(),  # type: ignore[no-untyped-call]
        jiwer.RemoveMultipleSpaces(),
        jiwer.Strip(),
    ]
    return jiwer.ReduceToListOfListOfWords(), jiwer.Compose(steps)
