"""Pairs without a question or an answer, and answers that are too short."""

from __future__ import annotations

from aig.filters.answers.answer_filter import AnswerFilter, Context, Pair

__all__ = ["EMPTY", "SHORT"]


def _empty(pair: Pair, _: Context) -> str | None:
    return None if pair.question and pair.answer else f"no {'answer' if pair.question else 'question'}"


def _short(pair: Pair, context: Context) -> str | None:
    words = len(pair.answer.split())
    return f"{words} words, fewer than {context.min_words}" if words < context.min_words else None


EMPTY = AnswerFilter("empty", _empty)
SHORT = AnswerFilter("short", _short)
