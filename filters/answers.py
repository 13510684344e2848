"""Which open-ended pairs stay, each drop with its reason. Closed-ended pairs follow from rules and are not judged."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from datasets_registry.records import Clip, Features
from filters.answer_settings import AnswerFilterSettings

__all__ = ["Pair", "Verdict", "judge"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a pair.

    Attributes:
        pair: the pair, white space around it removed.
        rule: the rule that drops it; empty where it stays.
        reason: why, with the value met and the bound.
        answerable: false where the answer says that it cannot be given.
    """

    pair: Pair
    rule: str = ""
    reason: str = ""
    answerable: bool = True


def judge(
    pairs: Sequence[Pair],
    clip: Clip,
    features: Features | None,
    settings: AnswerFilterSettings,
    *,
    min_words: int = 0,
) -> list[Verdict]:
    """A verdict for each pair of a clip, in the same order; the first rule that a pair breaks drops it.

    Args:
        pairs: of one clip and prompt.
        clip: what is annotated.
        features: what was measured.
        settings: which rules apply.
        min_words: fewest words of an answer where the settings say none.
    """
    least = min_words if settings.min_words is None else settings.min_words
    verdicts = []
    for pair in pairs:
        pair = Pair(pair.question.strip(), pair.answer.strip())
        words = len(re.findall(r"\S+", pair.answer))
        if not pair.question or not pair.answer:
            verdict = Verdict(pair, "empty", f"no {'question' if not pair.question else 'answer'}")
        elif words < least:
            verdict = Verdict(pair, "short", f"{words} words, fewer than {least}")
        else:
            verdict = Verdict(pair)
        verdicts.append(verdict)
    return verdicts
