"""A question about a sound that the clip certainly lacks; the answer denies it and says what is heard instead."""

from __future__ import annotations

import re
from typing import Any

from aig.core.records import Measured
from aig.core.sound_names import plain_name
from aig.filters.answers.answer_filter import Pair
from aig.filters.answers.sentences import stems
from aig.generators.open_ended.forms.draft import Draft, Form, Given, Refused
from aig.prompts.absent import plainly_absent

__all__ = ["NEGATIVE"]

_NAMES_NOTHING = re.compile(
    r"^\W*no\b|\b(?:none|nothing|absent|missing)\b|"
    r"(?:\b(?:cannot|not|never)|n['’]t)\b(?:\W+\w+){0,3}?\W+(?:hear\w*|heard|audible|present|there|contain\w*|includ\w*|any|a|an|"
    r"have|has|occur\w*|part|appear\w*|come|detect\w*|notice\w*)\b",
    re.IGNORECASE,
)
"""Denies that something is heard; "it is not far" does not."""

_WITHOUT = r"\b(?:no|without|neither|nor|not|lacks?|instead of|rather than)\b(?:\W+\w+){0,4}?\W+\w*"
"""Denies what stands behind it."""


def _draft(found: dict[str, Any], given: Given) -> Draft | Refused:
    question, answer = found["q"], found["a"]
    missing = found["missing"] if isinstance(found["missing"], str) else " ".join(found["missing"])
    item = given.item
    name = plain_name(missing)
    if name not in _absent_names(item):
        there = any(stems(name) & stems(label) for label in item.sounds)
        why = "is there" if there else "is not known to be absent"
        return Refused("not_absent", f"the question is about {missing[:60]!r}, which {why}")
    if not stems(name) & stems(question):
        return Refused("not_absent", f"the question does not speak of {missing[:60]!r}")
    if not _denied(name, answer):
        return Refused("not_denied", f"the answer does not say that {missing[:60]!r} is not heard")
    if not stems(_told(item)) & (stems(answer) - stems(name)):
        return Refused("not_denied", "the answer does not say what is heard instead")
    return Draft(question, answer, Pair(question, answer))


def _denied(name: str, answer: str) -> bool:
    """Whether an answer says that a sound is not heard."""
    stem = min(stems(name), key=len, default="")
    return bool(_NAMES_NOTHING.search(answer) or re.search(f"{_WITHOUT}{re.escape(stem)}", answer, re.IGNORECASE))


def _absent_names(item: Measured) -> frozenset[str]:
    clip = item.clip
    if item.tagged:
        return frozenset()
    present = tuple(dict.fromkeys((*(event.label for event in clip.events or ()), *(clip.labels or ()))))
    return plainly_absent(present)


def _told(item: Measured) -> str:
    clip = item.clip
    return " ".join((*item.sounds, *(clip.labels or ()), *(clip.captions or ()), clip.text or "", item.spoken))


NEGATIVE = Form(draft=_draft)
