"""Whether a word is said."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import lru_cache

from aig.core.records import Measured
from aig.generators.closed_ended.balance import own_or_not
from aig.generators.closed_ended.facts import Answer, Facts
from aig.generators.closed_ended.task import Task
from aig.generators.closed_ended.wording import spoken_words
from aig.prompts.seeded_random import pick

__all__ = ["WORD_SAID"]

_LEAST_LETTERS = 4

_WRITTEN_FOR = (("ph", "f"), ("wr", "r"), ("kn", "n"), ("gh", ""), ("ck", "k"), ("qu", "k"), ("ould", "ood"))
_SOUNDS = str.maketrans("cdzxgv", "ktskjf", "aeiouyhw'’-")


def _offer(item: Measured, rng: random.Random) -> str | None:
    said = sorted({word for word in spoken_words(item.clip.text or "") if len(word) >= _LEAST_LETTERS})
    return pick(rng, said) if said else None


def _not_said(word: str, item: Measured) -> bool:
    """Not where a word that is said begins like it, holds it or is held by it, or may sound like it (write, right)."""
    joined, openings, sounds, words = _heard(item.clip.text or "")
    if not words or word[:_LEAST_LETTERS] in openings or word in joined or _sound(word) in sounds:
        return False
    return not any(said in word for said in words)


@lru_cache(maxsize=16_384)
def _heard(text: str) -> tuple[str, frozenset[str], frozenset[str], frozenset[str]]:
    """The words in one line, their first letters, how they sound, and those of four letters or more."""
    words = spoken_words(text)
    long = frozenset(word for word in words if len(word) >= _LEAST_LETTERS)
    return " ".join(words), frozenset(word[:_LEAST_LETTERS] for word in words), frozenset(map(_sound, words)), long


def _sound(word: str) -> str:
    """The consonants of an English word, roughly as they sound; a word without any stands for itself."""
    for written, for_it in _WRITTEN_FOR:
        word = word.replace(written, for_it)
    return re.sub(r"(.)\1+", r"\1", word.translate(_SOUNDS)) or word


def _answers(facts: Facts) -> Iterator[Answer]:
    """Each word as often where it is said as where it is not."""
    if asked := own_or_not(facts, "word_said", _offer, _not_said):
        word, said = asked
        yield Answer("Yes." if said else "No.", {"word": word}, difficulty="basic" if said else "intermediate")


WORD_SAID = Task(
    name="word_said",
    folder="choice",
    about="voice",
    asks="whether a word is said",
    needs=("text",),
    answers=_answers,
    pattern=r"(?:Yes|No)\.",
    example="Yes.",
    skill="spoken content",
)
