"""A question, what is heard that bears on it, and the answer that follows: the evidence stands in `<think>`."""

from __future__ import annotations

import re
from typing import Any

from aig.filters.answers.answer_filter import Pair
from aig.filters.answers.circular import circular
from aig.filters.answers.sentences import stems
from aig.generators.open_ended.forms.draft import Draft, Form, Given, Refused
from aig.prompts.heard import heard

__all__ = ["REASONING"]

FEWEST_WORDS = 5
"""Words of evidence: fewer name something and say nothing of it."""

_MARK = re.compile(r"</?(?:think|answer)>", re.IGNORECASE)


KNOWN_SHARE = 1 / 3
"""Share of the evidence's content words that have to be known of the clip: the rest may tie them together."""


def _draft(found: dict[str, Any], given: Given) -> Draft | Refused:
    question, answer = found["q"], _MARK.sub("", found["a"]).strip()
    evidence = found["evidence"]
    evidence = _MARK.sub("", evidence if isinstance(evidence, str) else " ".join(evidence)).strip()
    if len(evidence.split()) < FEWEST_WORDS:
        return Refused("evidence", f"{len(evidence.split())} words of evidence, fewer than {FEWEST_WORDS}")
    told, because = stems(answer), stems(evidence)
    if told and told <= because:
        return Refused("evidence", "the answer only says the evidence again")
    if reason := circular(question, answer):
        return Refused("evidence", reason)
    known = because & stems(heard(given.item.clip, given.item.features, given.item.spoken))
    if len(known) < KNOWN_SHARE * len(because):
        return Refused("evidence", f"{len(known)} of the evidence's {len(because)} content words are known of the clip")
    if because and because <= stems(question):
        return Refused("evidence", "the evidence only says the question again")
    return Draft(question, f"<think>{evidence}</think> {answer}", Pair(question, f"{evidence} {answer}"))


REASONING = Form(draft=_draft)
