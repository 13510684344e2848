"""Pairs that ask or answer what another pair of the clip does: of several alike the first good one stays."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from aig.filters.answers.answer_filter import AnswerFilter, Context, Pair

__all__ = ["DUPLICATE", "NEAR_DUPLICATE"]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


def _duplicate(pair: Pair, context: Context) -> str | None:
    if not context.settings.duplicates:
        return None
    for other in context.kept:
        if _words(pair.question) == _words(other.question):
            return "the clip has this question already"
        if _words(pair.answer) == _words(other.answer):
            return "the clip has this answer already"
    return None


def _near_duplicate(pair: Pair, context: Context) -> str | None:
    if not context.settings.duplicates:
        return None
    bound = context.settings.near_duplicate
    for other in context.kept:
        alike = min(_overlap(pair.question, other.question), _overlap(pair.answer, other.answer))
        if alike >= bound:
            return f"shares {alike:.0%} of its words with another pair of the clip, at least {bound:.0%}"
    return None


DUPLICATE = AnswerFilter("duplicate", _duplicate)
NEAR_DUPLICATE = AnswerFilter("near_duplicate", _near_duplicate)


@lru_cache(maxsize=1024)
def _words(text: str) -> Sequence[str]:
    return tuple(_WORD.findall(text.casefold()))


@lru_cache(maxsize=1024)
def _kinds(text: str) -> frozenset[str]:
    return frozenset(_words(text))


def _overlap(text: str, other: str) -> float:
    """Shared words over all words, each counted once."""
    words, others = _kinds(text), _kinds(other)
    return len(words & others) / len(words | others) if words or others else 1.0
