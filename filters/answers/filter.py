"""Which open-ended pairs stay, each drop with its reason. Closed-ended pairs follow from rules and are not filtered."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import lru_cache

from aig.core.records import Clip, Features
from aig.filters.answers.contradiction import contradiction
from aig.filters.answers.leak import leak
from aig.filters.answers.refusal import is_refusal
from aig.filters.answers.settings import AnswerFilterSettings
from aig.filters.answers.source import source

__all__ = ["FilterResult", "Pair", "filter_pairs"]

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class FilterResult:
    """What becomes of a pair.

    Attributes:
        pair: the pair, white space around it removed.
        rule: the rule that drops it: `empty`, `short`, `duplicate`, `near_duplicate`, `source`, `leak`,
            `contradiction`, `not_answerable`; empty where it stays.
        reason: why, with the value met and the bound.
        answerable: false where the answer says that it cannot be given.
    """

    pair: Pair
    rule: str = ""
    reason: str = ""
    answerable: bool = True


def filter_pairs(
    pairs: Sequence[Pair],
    clip: Clip,
    features: Features | None,
    settings: AnswerFilterSettings,
    *,
    min_words: int = 0,
    absent: Collection[str] = (),
    prompt: str = "",
) -> list[FilterResult]:
    """The result for each pair of a clip, in the same order; the first rule that a pair breaks drops it.

    A pair is a duplicate of one before it that stays, so that of several alike the first good one is kept.

    Args:
        pairs: of one clip and prompt.
        clip: what is annotated.
        features: what was measured.
        settings: which rules apply.
        min_words: fewest words of an answer where the settings say none.
        absent: sounds that are certainly not in the clip, by `aig.filters.answers.contradiction.spoken_name`.
        prompt: the instructions the model had, whose phrases are no questions.
    """
    least = min_words if settings.min_words is None else settings.min_words
    kept: list[Pair] = []
    results = []
    for pair in pairs:
        stripped = Pair(pair.question.strip(), pair.answer.strip())
        answerable = not is_refusal(stripped.answer)
        rule, reason = _broken(stripped, kept, clip, features, settings, least, absent, prompt, answerable)
        if not rule:
            kept.append(stripped)
        results.append(FilterResult(stripped, rule, reason, answerable))
    return results


def _broken(
    pair: Pair,
    kept: Sequence[Pair],
    clip: Clip,
    features: Features | None,
    settings: AnswerFilterSettings,
    least: int,
    absent: Collection[str],
    prompt: str,
    answerable: bool,
) -> tuple[str, str]:
    """The first rule that a pair breaks, and how; empty texts where it breaks none."""
    if not pair.question or not pair.answer:
        return "empty", f"no {'answer' if pair.question else 'question'}"
    words = len(pair.answer.split())
    if words < least:
        return "short", f"{words} words, fewer than {least}"
    if settings.duplicates:
        for other in kept:
            if rule := _alike(pair, other, settings.near_duplicate):
                return rule
    if settings.source and (reason := source(pair.question, pair.answer, clip, features, prompt)):
        return "source", reason
    if settings.leak and (reason := leak(pair.question, pair.answer, clip, features)):
        return "leak", reason
    if settings.contradiction and (reason := contradiction(pair.answer, clip, features, absent)):
        return "contradiction", reason
    if settings.not_answerable == "drop" and not answerable:
        return "not_answerable", "the answer says that it cannot be given"
    return "", ""


def _alike(pair: Pair, other: Pair, bound: float) -> tuple[str, str] | None:
    question, answer = _words(pair.question), _words(pair.answer)
    other_question, other_answer = _words(other.question), _words(other.answer)
    if question == other_question:
        return "duplicate", "the clip has this question already"
    if answer == other_answer:
        return "duplicate", "the clip has this answer already"
    alike = min(_overlap(question, other_question), _overlap(answer, other_answer))
    if alike >= bound:
        return "near_duplicate", f"shares {alike:.0%} of its words with another pair of the clip, at least {bound:.0%}"
    return None


@lru_cache(maxsize=1024)
def _words(text: str) -> tuple[str, ...]:
    return tuple(_WORD.findall(text.casefold()))


def _overlap(a: Sequence[str], b: Sequence[str]) -> float:
    """Shared words over all words, each counted once."""
    both = set(a) | set(b)
    return len(set(a) & set(b)) / len(both) if both else 1.0
