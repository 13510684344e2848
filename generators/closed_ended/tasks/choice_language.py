"""Which language is spoken."""

from __future__ import annotations

import random
from collections.abc import Iterator

from aig.core.records import Measured
from aig.generators.closed_ended.choices import OPTION, pose_among_peers
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task

__all__ = ["CHOICE_LANGUAGE"]

LANGUAGES = {
    "ar": "Arabic",
    "de": "German",
    "en": "English",
    "es": "Spanish",
    "fr": "French",
    "hi": "Hindi",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "pl": "Polish",
    "pt": "Portuguese",
    "ru": "Russian",
    "tr": "Turkish",
    "zh": "Chinese",
}
"""Whisper's codes (ISO 639-1) of the languages that are asked about."""


def _offer(item: Measured, _: random.Random) -> str | None:
    """The recogniser's language, for clips of at least five words in a language that is named here."""
    code = item.features.language if item.features else None
    return LANGUAGES.get(code or "") if len(item.spoken.split()) >= 5 else None


def _other_language(name: str, item: Measured) -> bool:
    return item.features is not None and name != LANGUAGES.get(item.features.language or "")


def _answers(facts: Facts) -> Iterator[Answer]:
    yield from pose_among_peers(facts, "choice_language", _offer, _other_language)


CHOICE_LANGUAGE = Task(
    name="choice_language",
    folder="choice",
    about="voice",
    asks="the language that is spoken",
    needs=("language", "transcript"),
    answers=_answers,
    pattern=OPTION,
    example="(D) German",
    skill="spoken content",
)
