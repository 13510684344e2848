"""Hallucinated transcripts: on noise, music and silence Whisper writes fluent text that nobody said.

Each check has its own reason, as in NeMo's filter of Whisper hallucinations: stock phrases of video endings and
subtitle credits, phrases that repeat, more characters a second than a person speaks, overlong words. A real sentence
that holds the same words ("thank you for watching the kids") stays.
"""

from __future__ import annotations

import re
import zlib

from aig.extractors.stock_phrases import subtitle_credit
from aig.extractors.transcript_cleaning import clean_transcript

__all__ = ["hallucination_reason"]

MAX_CHARACTERS_PER_S = 30.0
"""Fast readers reach about 20, rappers at their fastest about 25."""

MAX_COMPRESSION = 2.4
"""Whisper's own bound on how well a text may be packed by zlib before it is taken for a loop."""

MAX_LETTERS = 34
"""The longest word that people say for fun, "supercalifragilisticexpialidocious", has 34."""

_CREDIT_WORDS = 12
_STOCK_SPELLING = re.compile(
    r"\bthankyou\b|\b(?:thanks?|thx|thank u|ty)\s+(?=4\b|for\s+watch(?:in\b|n\b))", re.IGNORECASE
)
_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_DRAWN_OUT = re.compile(r"(\w{1,3}?)\1{11,}")
# Scripts written without blanks between words, where a long run of letters is a sentence.
_UNSPACED = re.compile(r"[\u0e00-\u0fff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")


def hallucination_reason(text: str, duration_s: float | None) -> str | None:
    """Why a transcript is taken for a hallucination, or `None` where it is taken for speech.

    An empty text is not a hallucination.

    Args:
        text: the transcript.
        duration_s: length of the clip in seconds; without it the rate of characters is not judged.
    """
    text = " ".join(text.split())
    if not text:
        return None
    if len(text.split()) <= _CREDIT_WORDS and (credit := subtitle_credit(text)):
        return f"subtitle credit {credit!r}"
    spoken = clean_transcript(_common_spelling(text))
    if not _WORD.search(spoken):
        return "nothing but a phrase that recognisers are known for on silence"
    if duration_s and duration_s > 0 and (rate := len(spoken) / duration_s) > MAX_CHARACTERS_PER_S:
        return f"{rate:.0f} characters a second, more than {MAX_CHARACTERS_PER_S:.0f}"
    words = _WORD.findall(spoken.lower())
    return _overlong(words) or _repeated(words) or _packed(spoken)


def _common_spelling(text: str) -> str:
    """The text with odd spellings of "thanks for watching" made usual, so that one list of phrases is enough."""
    text = _STOCK_SPELLING.sub(lambda found: "thank you" if found.group().lower() == "thankyou" else "thanks ", text)
    return re.sub(
        r"\b(thanks?(?: you)?) (?:4|for) (watch|view|listen)(?:in|n|ing)['’]?(?!\w)", r"\1 for \2ing", text, flags=re.I
    )


def _overlong(words: list[str]) -> str | None:
    for word in words:
        if _UNSPACED.search(word):
            continue
        if len(word) > MAX_LETTERS:
            return f"a word of {len(word)} letters, more than {MAX_LETTERS}"
        if _DRAWN_OUT.search(word):
            return f"a word that goes on and on, {word[:12]!r}"
    return None


def _repeated(words: list[str]) -> str | None:
    """A phrase of up to eight words said over and over that makes up most of the text.

    People say "no, no, no, no"; six times the same word, or four times the same phrase, is a loop.
    """
    for length in range(1, 9):
        wanted = 6 if length == 1 else 4
        run = 0
        for i in range(length, len(words)):
            run = run + 1 if words[i] == words[i - length] else 0
            times = run // length + 1
            if times >= wanted and times * length >= 0.6 * len(words):
                return f"{' '.join(words[i - length + 1 : i + 1])!r} at least {times} times over"
    return None


def _packed(text: str) -> str | None:
    content = text.encode()
    ratio = len(content) / len(zlib.compress(content))
    return (
        f"repeats itself: packed {ratio:.1f} times smaller, more than {MAX_COMPRESSION}"
        if ratio > MAX_COMPRESSION
        else None
    )
