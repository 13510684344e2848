"""One sentence about how somebody speaks, under a question that is drawn from a bank."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from aig.core.records import Features
from aig.filters.answers.answer_filter import Pair
from aig.filters.answers.sentences import stems
from aig.generators.open_ended.forms.draft import Draft, Form, Given, Refused
from aig.prompts.banks import bank
from aig.prompts.seeded_random import rng_for

__all__ = ["CAPTION"]

FEWEST, MOST_WORDS = 2, 60
"""Things said of the voice, at least, and words, at most."""


def _draft(found: dict[str, Any], given: Given) -> Draft | Refused:
    caption, item = found["caption"].strip('"“”'), given.item
    if len(caption.split()) > MOST_WORDS:
        return Refused("caption", f"not one sentence of at most {MOST_WORDS} words")
    said = stems(caption)
    told = [words for words in _said_of(item.features) if said & stems(words)]
    if len(told) < FEWEST:
        return Refused("caption", f"it says {len(told)} of the things that are known of the voice, fewer than {FEWEST}")
    if reason := _other_sex(caption, item.clip.gender) or _against(caption, item.features):
        return Refused("contradiction", reason)
    rng = rng_for(given.seed, item.clip.audio_id, "style_caption", given.number)
    question = bank("style_caption").question(rng)
    return Draft(question, caption, Pair("How does the voice sound?", caption))


_EVEN = "medium average moderate normal steady usual even neither"
_FAST, _SLOW = "fast quick quickly rapid rapidly hasty hurried brisk", "slow slowly unhurried leisurely measured"
_HIGH, _DEEP = "high bright", "deep low"
_LOUD, _QUIET = "loud loudly strong", "quiet quietly soft softly hushed low"
_LIVELY, _FLAT = "lively animated expressive varied", "monotonous monotone flat even"
_WORDS: Mapping[str, tuple[str, str]] = {
    "pitch_level": (_DEEP, _HIGH),
    "speed_level": (_SLOW, _FAST),
    "volume_level": (_QUIET, _LOUD),
    "monotony_level": (_FLAT, _LIVELY),
    "pause_level": ("pause breath break fluent", "pause breath break halting"),
}
"""By level, the words for its low and for its high end."""

_PITCHED = r"(?:[- ]pitched)?(?:,? (?:and )?\w+){0,2} (?:voice|tone|pitch)\b"
_OPPOSED = {
    ("speed_level", -1): re.compile(
        r"\b(?:fast|quick(?:ly)?|rapid(?:ly)?|hasty|hastily|hurried(?:ly)?|briskly?)\b", re.I
    ),
    ("speed_level", 1): re.compile(r"\b(?:slow(?:ly)?|unhurried(?:ly)?|leisurely)\b", re.I),
    ("pitch_level", -1): re.compile(rf"\b(?:high|bright|shrill){_PITCHED}", re.I),
    ("pitch_level", 1): re.compile(rf"\b(?:low|deep){_PITCHED}", re.I),
    ("volume_level", -1): re.compile(r"\b(?:loud(?:ly)?|shout\w*)\b", re.I),
    ("volume_level", 1): re.compile(r"\b(?:quiet(?:ly)?|hushed|whisper\w*|soft(?:ly)?)\b", re.I),
    ("monotony_level", -1): re.compile(r"\b(?:lively|animated(?:ly)?|expressive(?:ly)?)\b", re.I),
    ("monotony_level", 1): re.compile(r"\b(?:monotonous(?:ly)?|monotone|flat)\b", re.I),
}
"""What nobody may say of a voice at this end of a scale."""


def _said_of(features: Features | None) -> Iterator[str]:
    """For each level that is known, words that say it."""
    for field, (low, high) in _WORDS.items():
        if level := getattr(features, field, None):
            yield {-1: low, 0: _EVEN, 1: high}[_side(level)]


_SIDES = dict.fromkeys(("low", "slow", "monotonous", "few"), -1) | dict.fromkeys(("high", "fast", "lively", "many"), 1)


def _side(level: str) -> int:
    """Which end of its scale a level is at; 0 for the middle, and for words of a levels file of one's own."""
    return _SIDES.get(level.removeprefix("very "), 0)


_SEX = {
    "male": re.compile(r"\b(?:(?:wo)m[ae]n|female|girl|lady|she|hers?)\b", re.I),
    "female": re.compile(r"\b(?:m[ae]n|male|boy|gentleman|guy|he|his|him)\b", re.I),
}
"""By a speaker's sex, the words of the other."""


def _other_sex(caption: str, gender: str | None) -> str | None:
    sexes = [gender] if gender in _SEX else list(_SEX)
    for sex in sexes:
        if match := _SEX[sex].search(caption):
            return f"says {match[0]!r} of a speaker who is {gender or 'not known to be so'}"
    return None


def _against(caption: str, features: Features | None) -> str | None:
    for (field, side), pattern in _OPPOSED.items():
        level = getattr(features, field, None)
        if level and _side(level) == side and (match := pattern.search(caption)):
            return f"says {match[0]!r} where it is {level}"
    return None


CAPTION = Form(draft=_draft)
