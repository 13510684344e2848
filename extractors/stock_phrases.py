"""Phrases that speech recognisers are known for on silence, in some forty languages: `data/hallucinations.txt`."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources

__all__ = ["is_alone", "is_sound_note", "is_stock_sentence", "is_stock_text", "normal", "sentences", "subtitle_credit"]

_SENTENCE = re.compile(r"[^.!?…。！？؟।]*[.!?…。！？؟।]+[\"')\]»”]*\s*|[^.!?…。！？؟।]+$")
_AROUND = " \t\n.,;:!?…。，、！？؟।¡¿\"'“”„«»–—-~〜♪♫♬🎵🎶*()[]{}<>|/\\"
_EMBLEM = re.compile(r"[\u2190-\u2bff\ufe0e\ufe0f\u200d\u200e\u200f\U0001f000-\U0001faff]+")
_BRACKETED = re.compile(r"\[[^\[\]]*\]|\([^()]*\)|\{[^{}]*\}|<[^<>]*>|【[^【】]*】|（[^（）]*）|\*[^*]*\*")
_NOTE = re.compile(r"[♪♫♬🎵🎶]|^\s*([*#~-]).*\1\s*$", re.DOTALL)
_NOTE_WORDS = 6
"""Longer texts in brackets are sentences."""


def normal(text: str) -> str:
    """The text as phrases are compared: NFKC, one kind of apostrophe, no emblems, single blanks."""
    text = unicodedata.normalize("NFKC", text).replace("’", "'").replace("‘", "'").replace("ʼ", "'")
    return " ".join(_EMBLEM.sub(" ", text).split())


def sentences(text: str) -> list[str]:
    """The sentences of a text with their punctuation and the white space after them; joined they are the text."""
    return _SENTENCE.findall(text)


def is_stock_sentence(sentence: str) -> bool:
    """Whether a sentence, as a whole, is one with which videos end, or a credit."""
    return bool(_pattern("sentences").fullmatch(normal(sentence).strip(_AROUND)))


def is_alone(text: str) -> bool:
    """Whether a text is nothing but thanks or goodbyes that recognisers write on silence, once or over and over."""
    parts = [
        part
        for each in re.split(r"[.!?…。！？؟।,、]", normal(_BRACKETED.sub(" ", text)))
        if (part := each.strip(_AROUND).casefold())
    ]
    same = len({part.split()[0] for part in parts}) <= 1
    return same and all(_pattern("alone").fullmatch(part) for part in parts)


def is_sound_note(text: str) -> bool:
    """Whether a text only notes sounds: all of it is in brackets, or a word like "music" between marks."""
    notes = _BRACKETED.findall(text)
    if not _BRACKETED.sub(" ", text).strip(_AROUND):
        return bool(text.strip()) and all(len(note.split()) <= _NOTE_WORDS for note in notes)
    if not _NOTE.search(text) and not text.isupper():
        return False
    words = normal(text).strip(_AROUND)
    return bool(re.fullmatch(rf"(?:\w+ ){{0,2}}(?:{_pattern('note_words').pattern})", words, re.IGNORECASE))


def is_stock_text(text: str) -> bool:
    """Whether a text is nothing but an address, a claim of copyright, or a broadcaster and a year."""
    return bool(_pattern("wholes").fullmatch(normal(text).strip(_AROUND)))


def subtitle_credit(text: str) -> str | None:
    """The credit of subtitles, a broadcaster or a site that a short text holds, if any."""
    found = _pattern("credits").search(normal(text))
    return found.group().strip() if found else None


@cache
def _pattern(section: str) -> re.Pattern[str]:
    """The phrases of a section, all languages together, as one expression."""
    text = (resources.files("aig.extractors") / "data" / "hallucinations.txt").read_text(encoding="utf-8")
    phrases: list[str] = []
    current = ""
    for line in text.splitlines():
        if line.startswith("[") and line.endswith("]") and line[1:-1].split()[0].isidentifier() and "|" not in line:
            current = line[1:-1].split()[0]
        elif line and not line.startswith("#") and current == section:
            phrases.append(line)
    return re.compile("|".join(f"(?:{phrase})" for phrase in phrases), re.IGNORECASE)
