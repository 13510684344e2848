"""What nobody said of the clip: numbers of seconds, hertz or barks, names of people and places, a voice's sex.

Only what is stated plainly counts, as with contradictions; a clause that supposes, compares or speaks of what might be
claims nothing. A number stands where it is told, or follows from what is: a time or a length of an event, how often a
sound is heard, how many sounds or words there are. A name stands where it is told, spoken or quoted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from aig.core.records import Clip, Event, Features
from aig.filters.answers.answer_filter import AnswerFilter, Context, Pair
from aig.filters.answers.contradiction import GENDER, claims
from aig.filters.answers.seldom import Seldom
from aig.filters.answers.sentences import WORD, sentences, unquoted

__all__ = ["INVENTED", "invented"]

_I = re.IGNORECASE
_NUMBERS = {
    name: number
    for number, name in enumerate(
        """zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
        seventeen eighteen nineteen twenty""".split()  # noqa: SIM905 - a list of quoted words is harder to read
    )
} | {"once": 1, "twice": 2, "thrice": 3, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "hundred": 100}
_NAMES = [name for name in _NUMBERS if name not in ("one", "hundred")]
_NUMBER = rf"(?<![\w.])(?P<number>\d+(?:\.\d+)?|{'|'.join(_NAMES)})"
_MEASURE = re.compile(
    rf"{_NUMBER}[ -]?(?:(?:full|whole|more|exact) )?"
    r"(?P<unit>s|sec(?:ond)?s?|min(?:ute)?s?|hours?|days?|weeks?|months?|years?(?:[ -]old)?|hz|hertz|khz|db|"
    r"decibels?|bpm|"
    r"beats per minute|words per minute|words|syllables|meters?|metres?|feet|miles?|kilometers?|kilometres?|km|"
    r"[ap]\.?m\b\.?|o['’]clock|times|times? (?:a|per) \w+|percent|per cent|%)(?!\w)",
    _I,
)
_COUNT = re.compile(
    rf"{_NUMBER} (?!(?:sec|min|hour|year|word|time)\w*\b)(?:(?!(?:or|and|to|in|of|for|hundred)\b)\w+ )?"
    r"(?:[a-z]+s|people|men|women|children)\b",
    _I,
)
_DIGIT, _SPELLED = re.compile(r"\d"), Seldom(re.compile("|".join(_NAMES), _I), "", parts=_NAMES)
"""Without either, no pattern here finds anything."""

_CENTURY = re.compile(r"\b(?P<number>\d{1,2})(?:st|nd|rd|th)[ -](?:century|centuries|floor|street|avenue)\b", _I)
_YEAR = re.compile(r"\b(?:in|since|of|from) (1[5-9]\d\d|20\d\d)\b")
_GENERAL = re.compile(r"\s*(?:an?|most|all|many|every|each) \w+ (?:has|have|is|are|takes?|lasts?)\b", _I)
_NUMBERED = re.compile(
    r"\b(?:moment|scene|part|number|no|chapter|step|level|track|take|act|day|page|section|room|verse|phase)\.? $", _I
)
"""Before a number that is a name and counts nothing."""
_FREQUENCY = re.compile(r"\b(?P<number>twice|thrice)\b", _I)
_COMMON = frozenset(
    """
    i i'm i'd i'll i've monday tuesday wednesday thursday friday saturday sunday january february march april may june
    july august september october november december christmas easter halloween english tv dj ok oh yes no god mr mrs ms
    dr morse
    """.split()  # noqa: SIM905 - a list of quoted words is harder to read
)
"""Words that are written with a capital and name nobody."""

_CAPITAL = re.compile(r"[A-Z\x80-\U0010ffff]")
"""A Latin capital, or what may be another capital."""

_ASKS_TITLE = re.compile(
    r"\b(?:titles?|headlines?|headings?|call(?:ed)? (?:it|this|the)|names? (?:for|of) (?:it|this))\b", _I
)
_SINGLE_QUOTED = re.compile(r"(?<!\w)['‘](?:[^'’]|(?<=\w)['’](?=\w))+['’](?!\w)")
_LONG_WORD = 4
"""Letters from which on a word has a capital in a title."""

_SEXES = re.compile(
    r"\b(?:(?:fe)?male|(?:wo)?m[ae]n|boys?|girls?|lady|ladies|gentlem[ae]n|guys?|his|hers?|he|she|him|mother|father)\b",
    _I,
)
_STEM = 5


def invented(question: str, answer: str, clip: Clip, features: Features | None = None) -> str | None:
    """What a pair claims about the clip that nobody said of it, or `None`.

    Args:
        question: as the model wrote it.
        answer: as the model wrote it.
        clip: what is annotated.
        features: what was measured.
    """
    told = _told(clip, features)
    if name := _name(question, told) or _name(answer, told, question):
        return f"names {name!r}, which nobody mentioned"
    for clause in claims(unquoted(answer)):
        if number := _number(clause, question, clip, features):
            return f"says {number!r}, a number that nobody gave"
        if not clip.gender and (match := GENDER.search(clause)) and not _SEXES.search(told):
            return f"says {match[0]!r} of a speaker of whom nobody said so"
    return None


@lru_cache(maxsize=4)
def _told(clip: Clip, features: Features | None) -> str:
    """All that is known in words."""
    texts = [
        *(clip.labels or ()),
        *(clip.captions or ()),
        *(clip.genres or ()),
        *(event.label for event in clip.events or ()),
    ]
    texts += [clip.text or "", clip.title or "", clip.emotion or "", clip.gender or ""]
    if features:
        texts += [features.transcript or "", *(features.sounds or ()), features.music_key or ""]
    return " ".join(texts)


def _name(text: str, told: str, question: str = "") -> str | None:
    """The first word with a capital that is neither the first of its sentence, nor known, nor one of a title's."""
    known: set[str] | None = None
    told_text = unquoted(text)
    if in_titles := bool(_ASKS_TITLE.search(question)):
        told_text = _SINGLE_QUOTED.sub("''", told_text)
    for sentence in sentences(told_text):
        first = WORD.search(sentence)
        if first is None or not _CAPITAL.search(sentence, first.end()):
            continue
        if in_titles and all(word[0].isupper() for word in WORD.findall(sentence) if len(word) >= _LONG_WORD):
            continue
        for word in WORD.finditer(sentence, first.end()):
            if not word[0][0].isupper():
                continue
            folded = re.sub(r"['’]s$", "", word[0]).casefold()
            if folded in _COMMON or sentence[: word.start()].rstrip()[-1:] in ("'", "‘", "“", ":"):
                continue
            if known is None:
                known = {word[:_STEM] for word in WORD.findall(f"{told} {question}".casefold())}
            if folded[:_STEM] not in known and not (len(word[0]) > 1 and word[0].isupper()):
                return word[0]
    return None


@dataclass(frozen=True, slots=True)
class _Known:
    """The numbers that are told, or follow from what is.

    Attributes:
        told: in words or figures.
        at: when a sound begins or ends, and when the clip does, in seconds.
        long: lengths of sounds, and from one to another, in seconds.
        counts: of sounds, of their kinds, and how often each is heard.
        words: how many are spoken.
    """

    told: set[float]
    at: set[float]
    long: set[float]
    counts: set[float]
    words: set[float]

    def of(self, unit: str, *, point: bool) -> set[float]:
        """The numbers that may stand before a unit; with `point`, of a point in time."""
        unit = unit.casefold()
        if unit == "s" or unit.startswith("sec"):
            return self.told | self.at | (set() if point else self.long)
        return self.told | {"words": self.words, "times": self.counts}.get(unit, set())


def _numbers(text: str) -> set[float]:
    """The numbers of a text, in words or figures."""
    found = {float(number) for number in re.findall(r"\d+(?:\.\d+)?", text)}
    return found | {float(_NUMBERS[word]) for word in WORD.findall(text.casefold()) if word in _NUMBERS}


@lru_cache(maxsize=4)
def _known(clip: Clip, features: Features | None) -> _Known:
    numbers = _numbers(_told(clip, features))
    values = (clip.age, clip.sentiment, features.tempo_bpm if features else None)
    numbers |= {float(value) for value in values if value is not None}
    events = clip.events or ()
    by_label: dict[str, list[Event]] = {}
    for event in events:
        by_label.setdefault(event.label, []).append(event)
    at = {event.onset_s for event in events} | {event.offset_s for event in events}
    at |= {features.duration_s} if features else set()
    long = {abs(one - other) for one in at for other in at} | at
    long |= {sum(event.offset_s - event.onset_s for event in same) for same in by_label.values()}
    kinds = len({*by_label, *(clip.labels or ())})
    counts = {float(len(same)) for same in by_label.values()} | {float(kinds), float(kinds - 1), 2.0}
    spoken = (clip.text or (features.transcript if features else "") or "").split()
    return _Known(numbers, at, long, counts, {float(len(spoken))})


def _number(clause: str, question: str, clip: Clip, features: Features | None) -> str | None:
    if not (_DIGIT.search(clause) or _SPELLED.may_be_in(clause)) or _GENERAL.match(clause):
        return None
    known = _known(clip, features)
    known = replace(known, told=known.told | _numbers(question))
    for match in _MEASURE.finditer(clause):
        point = re.search(r"\b(?:at|after|from|by)(?: about| around)? $", clause[: match.start()], _I) is not None
        if not _near(_value(match["number"]), known.of(match["unit"], point=point)):
            return match[0]
    for pattern in (_COUNT, _FREQUENCY):
        for match in pattern.finditer(clause):
            if _NUMBERED.search(clause[: match.start()]):
                continue
            if not _near(_value(match["number"]), known.told | known.counts, exact=True):
                return match[0]
    ordinal = _CENTURY.search(clause)
    if ordinal and float(ordinal["number"]) not in known.told:
        return ordinal[0]
    year = _YEAR.search(clause)
    if year and float(year[1]) not in known.told:
        return year[0]
    return None


def _value(text: str) -> float:
    return float(_NUMBERS[text.casefold()]) if text.casefold() in _NUMBERS else float(text)


def _near(value: float, known: set[float], *, exact: bool = False) -> bool:
    """Whether it is one of them, as it is or rounded."""
    off = 0.0 if exact else 0.06 if value % 1 else 0.5
    return any(abs(value - other) <= off for other in known)


def _check(pair: Pair, context: Context) -> str | None:
    return invented(pair.question, pair.answer, context.clip, context.features) if context.settings.invented else None


INVENTED = AnswerFilter("invented", _check)
