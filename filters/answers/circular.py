"""Answers that only say their question again, as in "Why is it moving? It is moving because it is a moving vehicle".

Told by words without their endings. Two things count: an answer to a question with a question word that brings hardly a
word of its own, and a reason, or a consequence, that is made of the words it is to explain. Questions that offer a
choice, or that yes or no answers, are answered by their own words and left alone.
"""

from __future__ import annotations

import re

from aig.filters.answers.answer_filter import AnswerFilter, Context, Pair
from aig.filters.answers.seldom import Seldom
from aig.filters.answers.sentences import stem_of, stems, unquoted

__all__ = ["CIRCULAR", "circular"]

_I = re.IGNORECASE
_ASKS = re.compile(
    r"\W*(?:(?:and|but|so|then|in|at|to|for|of|with|from|by|on) )?(?:why|how(?! (?:many|old|often)\b)|what|which)\b",
    _I,
)
_NAMES = re.compile(
    r"^\W*(?:which|what|how)(?: \w+){0,3}? "
    r"(?:is|are|was|were|plays?|comes?|does|sings?|speaks?|kind|instrument|animal)\b",
    _I,
)
_OR = Seldom(re.compile(r"\bor\b", _I), "or")
_REASON = re.compile(r"\b(?:because(?: of)?|since|as it|as she|as he|as they|for it|so that|which is why|due to)\b", _I)
_SUPPOSED = re.compile(r"^\W*if\b([^,]+),(.*)$", _I | re.DOTALL)
_BARE = frozenset(
    """
    able another become came cause change clear come could different else event exactly fact feel get give go going
    happen hear here hence if it itself just keep kept kind know let like likely long longer made make maybe mean mere
    more much must never no not now often only order other own part perhaps place possible present probab probable
    purpose quite rather real reason same see seem simp simple so some something somebody still stop such sure tell than
    then there thing thus time too turn use way well without yes up down out off again always way
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
"""Words that answer nothing."""

_ALIKE = 5
"""Stems that begin with as many equal letters are taken for forms of one word."""

FEWEST_WORDS = 7
"""An answer of fewer words is short rather than circular: "It is a dog." names what was asked for."""


def circular(question: str, answer: str) -> str | None:
    """How an answer goes round in a circle, or `None`.

    Args:
        question: as the model wrote it.
        answer: as the model wrote it.
    """
    if not _ASKS.match(question) or _OR.search(question):
        return None
    told = unquoted(answer)
    if len(told.split()) < FEWEST_WORDS:
        return None
    asked, said = _stems(question), _stems(told)
    new = _beyond(said, asked)
    if not new:
        return "the answer holds no word that the question does not"
    for clause, other in _parts(told):
        explained, reason = _stems(clause), _stems(other)
        if explained and reason and not _beyond(reason, explained | asked):
            return f"the reason {' '.join(other.split())!r} only says again what it explains"
    if len(new) == 1 and len(said) >= 3 and not _NAMES.search(question):
        return f"the answer adds one word, {next(iter(new))!r}, to the question's"
    return None


def _parts(text: str) -> list[tuple[str, str]]:
    """What is explained and its reason, what is supposed and what would follow, as far as the text has them."""
    found = []
    if supposed := _SUPPOSED.match(text):
        found.append((supposed[1], supposed[2]))
    if reason := _REASON.search(text):
        found.append((text[: reason.start()], text[reason.end() :]))
    return found


def _stems(text: str) -> frozenset[str]:
    """The content words without their endings, and without those that answer nothing."""
    return stems(text) - _BARE_STEMS


def _beyond(stems: frozenset[str], known: frozenset[str]) -> set[str]:
    """The stems that no known one is akin to.

    Akin are two stems that are forms of one word, such as `applau` and `applaus`, `ang` and `angr`: both begin with
    the same letters, or a short one is the other without its last letter.
    """
    beginnings = {other[:_ALIKE] for other in known if len(other) >= _ALIKE}
    shortened = {other[:-1] for other in known}
    return {
        stem
        for stem in stems - known
        if not (
            stem[:_ALIKE] in beginnings
            if len(stem) > _ALIKE
            else stem in beginnings or stem[:-1] in known or (len(stem) < _ALIKE and stem in shortened)
        )
    }


_BARE_STEMS = frozenset(map(stem_of, _BARE))


def _check(pair: Pair, context: Context) -> str | None:
    return circular(pair.question, pair.answer) if context.settings.circular else None


CIRCULAR = AnswerFilter("circular", _check)
