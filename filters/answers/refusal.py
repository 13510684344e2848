"""Answers that say that they cannot be given: "cannot be determined from the recording", "is not mentioned".

Bare words are not enough to tell ("loud enough", "I cannot believe she said that"): a phrase must say that something
cannot be known, or that the recording does not tell it. What is in quotation marks was said by somebody else.
"""

from __future__ import annotations

import re

from aig.filters.answers.answer_filter import AnswerFilter, Context, Pair
from aig.filters.answers.seldom import Seldom
from aig.filters.answers.sentences import unquoted

__all__ = ["NOT_ANSWERABLE", "is_refusal"]

_KNOW = r"(?:determin|infer|conclud|ascertain|identif|establish|deduc|discern|gaug|assess|verif|confirm|pinpoint)\w*"
_TELL = rf"(?:{_KNOW}|tell|say|know|judge|guess|specify|answer|comment|speculate)"
_TOLD = rf"(?:{_KNOW}|told|said|known|judged|guessed|specified|answered)"
_LY = r"(?:\w+ly )?"
_SOURCE = (
    r"(?:audio|clip|recording|description|information|metadata|context|passage|data|transcript|text|prompt|details|"
    r"input)"
)
_FACTS = r"(?:information|context|details?|data|evidence|clues?|metadata)"

_REFUSAL = re.compile(
    "|".join(
        (
            rf"\b(?:cannot|can ?not|can['’]t|could not|couldn['’]t) {_LY}be {_LY}{_TOLD}\b",
            rf"\b(?:we|one|I|you|it is|it['’]s) (?:cannot|can ?not|can['’]t|could not|couldn['’]t) {_LY}{_TELL}\b",
            rf"\b(?:impossible|not possible|not feasible|unable|no way|not able) to {_LY}(?:be )?(?:{_TELL}|{_TOLD})\b",
            rf"\b(?:is|are|was|were|remains?)(?: not|n['’]t) {_LY}(?:specified|mentioned|stated|provided|disclosed)\b",
            rf"\b(?:is|are|was|were|remains?) {_LY}(?:unknown|unspecified|undetermined|indeterminable|indeterminate)\b",
            r"\b(?:un|not (?:\w+ly )?)clear (?:from|what|who|whether|if|how|why|where|when|which)\b",
            rf"\b{_SOURCE} (?:\w+ ){{0,3}}?(?:does|do|did)(?: not|n['’]t) {_LY}"
            r"(?:provide|specify|mention|state|give|offer|indicate|contain|include|reveal|disclose|tell|say|describe)\b",
            rf"\b(?:not enough|insufficient|too little|inadequate) (?:\w+ ){{0,2}}?{_FACTS}\b",
            rf"\bwithout (?:any )?(?:more|further|additional|other) (?:\w+ )?{_FACTS}\b",
            r"\b(?:no|any) (?:\w+ )?(?:information|details?|context) (?:(?:is|are|was|were) )?"
            r"(?:given|provided|available|about|on|regarding|to|in the)\b",
            r"\b(?:I['’]m|I am) sorry,? (?:but|I)\b|\bas an? (?:AI|language model)\b",
            r"\bI (?:do not|don['’]t) (?:know|have (?:access|enough|any|the))\b",
            r"\bI (?:cannot|can['’]t) (?:listen|hear|access|answer|provide|help|assist)\b",
            r"\b(?:un|not )answerable\b|^\W*(?:n/a|not applicable|unknown|none given)\W*$",
        )
    ),
    re.IGNORECASE,
)

_REFUSALS = Seldom(
    _REFUSAL,
    "able ai answerable any applicable can cannot clear could couldn did didn disclosed do does doesn don enough "
    "feasible impossible inadequate indeterminable indeterminate insufficient language little mentioned n no none "
    "possible provided sorry specified stated unable unanswerable unclear undetermined unknown unspecified way without",
)
_HARD = Seldom(
    re.compile(rf"\b(?:difficult|hard) to {_LY}(?:{_TELL}|{_TOLD})\b", re.IGNORECASE),
    "difficult hard",
)
_STILL = re.compile(
    r"\b(?:but|however|yet|nevertheless|still|though|although|likely|probably|suggests?)\b", re.IGNORECASE
)


def is_refusal(answer: str) -> bool:
    """Whether the answer says that the question cannot be answered from what is given.

    "Hard to tell" counts only where no answer follows all the same.
    """
    own = unquoted(answer)
    if _REFUSALS.search(own):
        return True
    return bool(_HARD.search(own)) and not _STILL.search(own)


def _check(pair: Pair, context: Context) -> str | None:
    drop = context.settings.not_answerable == "drop" and is_refusal(pair.answer)
    return "the answer says that it cannot be given" if drop else None


NOT_ANSWERABLE = AnswerFilter("not_answerable", _check)
