"""Multiple choice as a model writes it: one right option and wrong ones, put at drawn places.

An item goes where the right option is not among its options, where a wrong one says the same or holds of the clip too,
where nothing but form or length would tell the right one, and where it contradicts what is known.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from statistics import mean
from typing import Any

from aig.core.records import Measured
from aig.core.tasks import OPTION_LETTERS
from aig.filters.answers.answer_filter import Pair
from aig.filters.answers.sentences import stems
from aig.generators.open_ended.forms.draft import Draft, Form, Given, Refused
from aig.prompts.seeded_random import rng_for

__all__ = ["CHOICE"]

_LETTER = re.compile(r"^\W{0,2}(?:option )?(?P<letter>[A-Ea-e1-5])(?:[).:]\s+|\s*[).:]?\W?$)")
_ALL = re.compile(
    r"\b(?:all|none|both|neither|any|either) (?:of )?(?:the |these |those )?(?:above|them|options|others?|answers?)\b|"
    r"^\W*(?:all|none|both|neither|unknown|other|not (?:sure|known|given))\W*$",
    re.IGNORECASE,
)
_ONE_OF = re.compile(
    r"\b(?:first|last|before|after|then|next|loud\w*|quiet\w*|long\w*|short\w*|most|least|how many|often|not|n['’]t|"
    r"never|begin\w*|start\w*|end\w*|follow\w*)\b",
    re.IGNORECASE,
)
_LETTER_ALONE = re.compile(r"\W{0,2}[A-Ea-e]\W{0,2}")
_LISTS_OPTIONS = re.compile(r"(?:^|\s)\(?[Aa1][).:]\s*\S.*\s\(?[Bb2][).:]\s*\S", re.DOTALL)
_DENIES = re.compile(r"\b(?:no|not|never|without|neither|nor)\b|n['’]t\b", re.IGNORECASE)
_NUMBERS = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_NUMBER = re.compile(rf"\b(?:{'|'.join(_NUMBERS)})\b")
_FEELING = r"\b(?:emotion|feel\w*|mood)\b"
_LONGER, _WORDS = 2.0, 4
_MOST_WORDS = 16


def _draft(found: dict[str, Any], given: Given) -> Draft | Refused:
    question, right = found["q"], found["a"]
    wrong = found.get("wrong") or []
    options = found.get("options")
    if isinstance(options, list) and not wrong:
        named = _named(right, options)
        if named is None:
            return Refused("options", f"the answer {right[:60]!r} is none of the options")
        right, wrong = options[named], [each for place, each in enumerate(options) if place != named]
    if not isinstance(wrong, list):
        return Refused("options", "the wrong options are not a list")
    if _LISTS_OPTIONS.search(question):
        return Refused("options", "the question lists options itself")
    if _LETTER_ALONE.fullmatch(right) and not all(map(_LETTER_ALONE.fullmatch, wrong)):
        return Refused("options", f"the answer {right!r} is a letter, and nothing says of which option")
    right, wrong = _bare(right), _different(map(_bare, wrong))
    if reason := _at_fault(question, right, wrong, given.item):
        return Refused("options", reason)
    if reason := _against(question, right, wrong, given.item):
        return Refused("contradiction", reason)
    rng = rng_for(given.seed, given.item.clip.audio_id, "open_choice", question)
    others = wrong[: len(OPTION_LETTERS) - 1]
    rng.shuffle(others)
    place = rng.randrange(len(others) + 1)
    choices = (*others[:place], right, *others[place:])
    lines = "".join(f"\n({letter}) {text}" for letter, text in zip(OPTION_LETTERS, choices, strict=False))
    output = f"({OPTION_LETTERS[place]}) {right}"
    return Draft(f"{question}{lines}", output, Pair(question, right), choices=choices, answer_index=place)


def _named(answer: str, options: Sequence[str]) -> int | None:
    """Which option an answer means: by its text, or by its letter or number."""
    folded = [_bare(option).casefold() for option in options]
    match, rest = _LETTER.match(answer), _bare(answer).casefold()
    if match is None:
        return folded.index(rest) if rest in folded else None
    if answer.casefold() in folded:  # "2" and "A" may be options themselves
        return folded.index(answer.casefold())
    place = int(match["letter"]) - 1 if match["letter"].isdigit() else OPTION_LETTERS.index(match["letter"].upper())
    if place >= len(options) or (rest and rest not in ("", match["letter"].casefold()) and rest != folded[place]):
        return None
    return place


def _bare(option: str) -> str:
    """An option without its letter and full stop."""
    text = re.sub(r"^\W{0,2}[A-Ea-e1-5](?:[).:]\s+|\)(?=\w))", "", option).strip()
    return text.removesuffix(".").strip()


def _at_fault(question: str, right: str, wrong: Sequence[str], item: Measured) -> str | None:
    every = [right, *wrong]
    if not all(every):
        return "an option is empty"
    if len(wrong) < 2:
        return f"{len(wrong)} different wrong options, fewer than 2"
    if odd := next((option for option in every if _ALL.search(option)), None):
        return f"the option {odd!r} is about the others"
    if long := next((option for option in every if len(option.split()) > _MOST_WORDS), None):
        return f"an option of {len(long.split())} words, more than {_MOST_WORDS}"
    for option in wrong:
        if _same(option, right):
            return f"two right options: {option!r} says the same as {right!r}"
        if (less := stems(option)) and less < stems(right) and not _DENIES.search(option):
            return f"two right options: {option!r} holds where {right!r} does"
        if not _ONE_OF.search(question) and (_is_heard(option, item) or _is_told(option, item)):
            return f"two right options: {option!r} is heard too"
    length, others = len(right.split()), mean(len(option.split()) for option in wrong)
    if length >= _WORDS and length > _LONGER * others:
        return f"the right option has {length} words and the others {others:.1f} on average, which gives it away"
    asked = stems(question)
    if (told := stems(right)) and told <= asked and not any(stems(option) <= asked for option in wrong):
        return "the question names the right option"
    return None


def _different(options: Iterable[str]) -> list[str]:
    """The options without those that say the same as one before them."""
    kept: list[str] = []
    for option in options:
        if not any(_same(option, other) for other in kept):
            kept.append(option)
    return kept


def _same(option: str, other: str) -> bool:
    one, two = stems(_in_figures(option)), stems(_in_figures(other))
    return _in_figures(option) == _in_figures(other) or (bool(one) and one == two)


def _in_figures(option: str) -> str:
    """An option in lower case, with figures for the numbers that it spells out."""
    return _NUMBER.sub(lambda match: str(_NUMBERS.index(match[0])), option.casefold())


def _is_heard(option: str, item: Measured) -> bool:
    """Whether an option names a sound of the clip, or what one is a kind of."""
    words = stems(option)
    clip = item.clip
    labels = (*item.sounds, *(event.label for event in clip.events or ()), *(clip.parents or ()))
    parts = [part for label in labels for part in re.split(r"[,(]", label)]
    return bool(words) and any(words == stems(part) for part in parts)


def _is_told(option: str, item: Measured) -> bool:
    """Whether a caption says what an option says."""
    words = stems(option)
    return bool(words) and any(words <= stems(caption) for caption in item.clip.captions or ())


def _against(question: str, right: str, wrong: Sequence[str], item: Measured) -> str | None:
    """What the options contradict of what is known: the right one says otherwise, or a wrong one says just this."""
    for asked, known in _facts(item):
        if not re.search(asked, question, re.IGNORECASE):
            continue
        told = stems(known)
        if any(told & stems(option) for option in wrong) and not told & stems(right):
            return f"the option {right!r} is called right, and {known!r} is known"
        if any(stems(option) == told for option in wrong):
            return f"an option that is called wrong is what is known, {known!r}"
    return None


def _facts(item: Measured) -> Iterator[tuple[str, str]]:
    """How a question asks for something, and what is known of it."""
    clip, features = item.clip, item.features
    if clip.gender:
        male = clip.gender == "male"
        yield (
            r"\b(?:gender|sex)\b|\b(?:man|male)\b.*\b(?:wom[ae]n|female)\b|\bwho (?:speaks|is speaking|talks)\b",
            ("male man boy" if male else "female woman girl"),
        )
    if clip.emotion:
        yield rf"{_FEELING}.*\b(?:speaker|voice|person|man|woman)\b|\bspeaker\w*\b.*{_FEELING}", clip.emotion
    for genre in clip.genres or ():
        yield r"\bgenre\b", genre
    if features:
        for asked, level in (
            (r"\bpitch\b", features.pitch_level),
            (r"\b(?:speed|pace|how fast|rate)\b", features.speed_level),
            (r"\b(?:volume|how loud|loudness)\b", features.volume_level),
        ):
            if level:
                yield asked, level


CHOICE = Form(draft=_draft)
