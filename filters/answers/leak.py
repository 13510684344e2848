"""Questions that give their own answer away: the question already holds what the answer has to tell."""

from __future__ import annotations

from functools import lru_cache

from aig.core.records import Clip, Features
from aig.filters.answers.answer_filter import AnswerFilter, Context, Pair
from aig.filters.answers.sentences import WORD, content_words

__all__ = ["LEAK", "leak"]

NEW_WORDS = 4
"""An answer that brings fewer new content words than this says nothing beyond the question."""

SPAN = 8
"""Words of the transcript in a row that count as a quotation."""


def leak(question: str, answer: str, clip: Clip, features: Features | None) -> str | None:
    """Why a pair leaks, or `None`.

    It does where the answer names something that is known of the clip (a label, an age, a level, a number of hertz,
    eight words of what is said), everything of that kind that it names is in the question, and hardly a word of it
    is new.

    Args:
        question: as the model wrote it.
        answer: as the model wrote it.
        clip: what is annotated.
        features: what was measured.
    """
    asked, told = question.casefold(), answer.casefold()
    known = [value for value in _values(clip, features) if _holds(told, value)]
    if spoken := _spans(((clip.text or (features and features.transcript)) or "").casefold()):
        known += sorted(_spans(told) & spoken)[:1]
    if not known:
        return None
    said = _spans(asked)
    if not all(_holds(asked, value) or value in said for value in known):
        return None
    new = content_words(told) - content_words(asked)
    if len(new) >= NEW_WORDS:
        return None
    return f"the question already says {known[0]!r}, and the answer adds {len(new)} words"


@lru_cache(maxsize=4)
def _values(clip: Clip, features: Features | None) -> tuple[str, ...]:
    """What is known of the clip, as text that would give it away."""
    labels = (*(clip.labels or ()), *(event.label for event in clip.events or ()))
    texts = [*labels, *(clip.genres or ()), clip.gender, clip.emotion, clip.title]
    if clip.age is not None:
        texts.append(str(clip.age))
    for event in clip.events or ():
        texts += [f"{event.onset_s:.1f}s", f"{event.offset_s:.1f}s"]
    if features:
        texts += [features.pitch_level, features.speed_level, features.volume_level]
        if features.f0_hz is not None:
            texts.append(f"{features.f0_hz:.0f}hz")
    return tuple(dict.fromkeys(text.casefold() for text in texts if text))


@lru_cache(maxsize=128)
def _spans(text: str) -> frozenset[str]:
    """All runs of eight words."""
    words = WORD.findall(text)
    return frozenset(" ".join(words[start : start + SPAN]) for start in range(len(words) - SPAN + 1))


def _holds(text: str, value: str) -> bool:
    at = text.find(value)
    while at >= 0:
        end = at + len(value)
        if not text[at - 1 : at].isalnum() and not text[end : end + 1].isalnum():
            return True
        at = text.find(value, at + 1)
    return False


def _check(pair: Pair, context: Context) -> str | None:
    return leak(pair.question, pair.answer, context.clip, context.features) if context.settings.leak else None


LEAK = AnswerFilter("leak", _check)
