"""Answers that contradict what is known of the clip: female where male, high where low, a sound that is not there.

Only plain statements count. A clause that denies, compares, supposes or speaks of people in general says nothing
about this clip, and a doubt does not contradict: what cannot be decided by wording stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import lru_cache

from aig.core.records import Clip, Features
from aig.filters.answers.answer_filter import AnswerFilter, Context, Pair
from aig.filters.answers.seldom import Seldom
from aig.filters.answers.sentences import sentences, unquoted

__all__ = ["CONTRADICTION", "GENDER", "claims", "contradiction"]

_SUPPOSING = re.compile(r"\s*(?:if|unlike|compared|whether|imagine|suppose|although|had|were)\b", re.IGNORECASE)
_NO_CLAIM = re.compile(
    r"\b(?:not|no|never|neither|nor|without|lacks?|lacking|absence|absent|rather than|instead of|than|unlike|"
    r"opposed to|compared|contrasts?|contrary|if|whether|would|(?:could|can)(?! be (?:clearly )?(?:heard|audible))|"
    r"might|may|perhaps|possibly|like|as though|similar|resembl\w+|reminiscent|imagine|often|usually|typical|"
    r"typically|generally|normally|tends?|associated|instance|example|such as|initially|then|later|towards?|other|"
    r"another|either|or)\b|n['’]t\b",
    re.IGNORECASE,
)
_NOT_A_CLAIM = Seldom(
    _NO_CLAIM,
    "absence absent another as associated can compared contrary contrast contrasts could either example generally if "
    "imagine initially instance instead lack lacking lacks later like may might neither never no nor normally not "
    "often opposed or other perhaps possibly rather reminiscent similar such t tend tends than then toward towards "
    "typical typically unlike usually whether without would",
    parts=("resembl",),
)

_MUCH = r"very|extremely|really|so|particularly|exceptionally"
_SOME = r"relatively|rather|quite|fairly|somewhat|moderately"
_VERY = rf"(?:({_MUCH}) |(?:{_SOME}) )?"
_ANY_DEGREE = rf"(?:(?:{_MUCH}|{_SOME}) )?"
_IS = r"(?: \w+){0,3}? (?:is|was|are|remains|sounds|seems|being) (?:also |both |clearly |quite )?"
_SIDES = {
    "high": 1, "higher": 1, "fast": 1, "quick": 1, "rapid": 1, "loud": 1, "quickly": 1, "rapidly": 1, "loudly": 1,
    "low": -1, "deep": -1, "slow": -1, "quiet": -1, "soft": -1, "slowly": -1, "softly": -1, "quietly": -1,
    "medium": 0, "moderate": 0,
}  # fmt: skip
_PITCH = r"(?:pitch(?:ed)?|fundamental frequency|F0)"
_PACE = r"(?:pace|speed|tempo|rate|speaking rate|speech rate|speech)"
_TALKS = r"\b(?:speak|talk)(?:s|ing)"
_MIDDLE = r"medium|moderate"
_LEVELS = {
    "pitch": (
        rf"\b{_VERY}(high|low|deep|{_MIDDLE})[- ]{_PITCH}\b",
        rf"\b{_PITCH}{_IS}{_VERY}(high|low|deep|{_MIDDLE})\b",
    ),
    "speed": (
        rf"\b{_VERY}(fast|quick|rapid|slow|{_MIDDLE})[- ]{_PACE}\b",
        rf"\b(?:pace|speed|tempo|rate){_IS}{_VERY}(fast|quick|rapid|high|slow|low|{_MIDDLE})\b",
        rf"{_TALKS} (?:{_ANY_DEGREE}(?:loud|quiet|soft)(?:ly)? and )?{_VERY}(fast|quickly|rapidly|slow|slowly)\b",
    ),
    "volume": (
        rf"\b{_VERY}(loud|quiet|soft) voice\b|\b{_VERY}(high|low|{_MIDDLE}) (?:volume|energy|loudness)\b",
        rf"\b(?:volume|loudness|energy){_IS}{_VERY}(high|loud|low|quiet|soft|{_MIDDLE})\b",
        rf"{_TALKS} (?:{_ANY_DEGREE}(?:fast|slow|quick)(?:ly)? and )?{_VERY}(loud|loudly|quiet|quietly|soft|softly)\b",
    ),
}
_LEVEL_PATTERNS = {
    name: [Seldom(re.compile(text, re.IGNORECASE), " ".join(_SIDES)) for text in texts]
    for name, texts in _LEVELS.items()
}
_FEMALE, _MALE = r"(?:female|woman|girl|lady)", r"(?:male|man|boy|gentleman)"
GENDER = Seldom(
    re.compile(
        rf"\b(?:speaker|voice|person)(?:['’]s gender)? (?:is|sounds|appears to be|seems to be) (?:\w+ly )?(?:an? )?"
        rf"(?:\w+ )?(?:(?P<f1>{_FEMALE})|(?P<m1>{_MALE}))\b"
        rf"|\b(?:(?P<f2>{_FEMALE})|(?P<m2>{_MALE}))(?:['’]s)? (?:speaker|voice)\b"
        r"|\bspeaker\b[^.]{0,40}\b(?:(?P<f3>her)|(?P<m3>his)) (?:own )?(?:voice|tone|pitch|delivery|speech)\b",
        re.IGNORECASE,
    ),
    "boy female gentleman girl her his lady male man woman",
)
_AGE = re.compile(
    r"\b(?:speaker|person|man|woman|age)\b[^.]{0,40}?\b(\d{1,3})(?:[- ]years?[- ]old| years of age\b)"
    r"|\bage (?:is|of) (?:about |around |approximately )?(\d{1,3})\b",
    re.IGNORECASE,
)
AGE_DISTANCE = 10
"""Years that a stated age may lie from the annotated one, which is an estimate itself."""

_FEELING = Seldom(
    re.compile(
        r"\b(?:speaker|voice|person|emotion|emotional state|mood)\b(?: \w+){0,3}? (?:is|sounds|feels|seems|was) "
        r"(?:\w+ly )?(?:very )?(happy|joyful|cheerful|excited|sad|angry|furious|afraid|fearful|disgusted)\b",
        re.IGNORECASE,
    ),
    "afraid angry cheerful disgusted excited fearful furious happy joyful sad",
)
_PLEASANT = frozenset(("happy", "happiness", "joyful", "cheerful", "excited"))
_UNPLEASANT = frozenset(
    ("sad", "sadness", "angry", "anger", "furious", "afraid", "fear", "fearful", "disgust", "disgusted", "frustrated")
)
_RATING = Seldom(
    re.compile(r"\b(?:rating|score|sentiment)\b(?: \w+){0,4}? (?:is|of) (-?[0-3])\b(?!\.\d)", re.IGNORECASE),
    "rating score sentiment",
)
_SOUND = Seldom(
    re.compile(
        r"\bsounds? of (?:an? |the |some )?(?P<of>[a-z][a-z' -]{2,40})"
        r"|\b(?P<heard>[a-z][a-z' -]{2,40}?) (?:is|are|can be|could be) (?:clearly )?(?:heard|audible)\b",
        re.IGNORECASE,
    ),
    "audible heard sound sounds",
)


def contradiction(
    answer: str, clip: Clip, features: Features | None = None, absent: Collection[str] = ()
) -> str | None:
    """What the answer says against what is known, or `None`.

    Args:
        answer: as the model wrote it.
        clip: what is annotated.
        features: what was measured.
        absent: sounds that are certainly not in the clip, by `aig.core.sound_names.plain_name`.
    """
    for clause in claims(unquoted(answer)):
        for found in (
            _gender(clause, clip),
            _level(clause, features),
            _age(clause, clip),
            _emotion(clause, clip),
            _absent(clause, clip, absent),
        ):
            if found:
                return found
    return None


@lru_cache(maxsize=128)
def claims(text: str) -> tuple[str, ...]:
    """The clauses that state something plainly."""
    return tuple(
        clause
        for sentence in sentences(text)
        if not _SUPPOSING.match(sentence)
        for clause in sentence.split(",")
        if not _NOT_A_CLAIM.search(clause)
    )


def _gender(clause: str, clip: Clip) -> str | None:
    if clip.gender not in ("male", "female"):
        return None
    for match in GENDER.finditer(clause):
        said = "female" if any(match[group] for group in ("f1", "f2", "f3")) else "male"
        if said != clip.gender:
            return f"says {match[0]!r} of a {clip.gender} speaker"
    return None


def _level(clause: str, features: Features | None) -> str | None:
    if features is None:
        return None
    known = {
        "pitch": (features.pitch_level, features.pitch_rank),
        "speed": (features.speed_level,),
        "volume": (features.volume_level,),
    }
    for name, patterns in _LEVEL_PATTERNS.items():
        levels = [level for level in known[name] if level]
        if not levels:
            continue
        for pattern in patterns:
            for match in pattern.finditer(clause):
                groups = [group.lower() for group in match.groups() if group]
                side = _SIDES[groups[-1]]
                strong = len(groups) > 1
                if all(_opposed(side, strong, level) for level in levels):
                    return f"says {match[0]!r} where the {name} is {levels[0]}"
    return None


def _opposed(side: int, strong: bool, level: str) -> bool:
    """Whether a level lies on the other side, or off a middle that is claimed; a strong word is opposed to it too."""
    word = level.removeprefix("very ").removeprefix("relatively ").split(" (")[0]
    actual = _SIDES.get(word, 0)
    if side == 0:
        return actual != 0
    return actual == -side or (strong and actual == 0)


def _age(clause: str, clip: Clip) -> str | None:
    if clip.age is None:
        return None
    for match in _AGE.finditer(clause):
        said = int(match[1] or match[2])
        if abs(said - clip.age) > AGE_DISTANCE:
            return f"says {said} years of a speaker of {clip.age}"
    return None


def _emotion(clause: str, clip: Clip) -> str | None:
    emotion = (clip.emotion or "").lower()
    for match in _FEELING.finditer(clause):
        said = match[1].lower()
        if (said in _PLEASANT and emotion in _UNPLEASANT) or (
            said not in _PLEASANT and emotion in ("happy", "happiness")
        ):
            return f"says {said!r} of a speaker who is {emotion}"
    for match in _RATING.finditer(clause):
        if clip.sentiment is not None and int(match[1]) != clip.sentiment:
            return f"says a rating of {match[1]} where it is {clip.sentiment}"
    return None


def _absent(clause: str, clip: Clip, absent: Collection[str]) -> str | None:
    if not absent:
        return None
    told = " ".join((*(clip.captions or ()), clip.text or "")).lower()
    for phrase in _phrases(clause):
        if phrase in absent and phrase not in told:
            return f"says that {phrase!r} is heard, which the clip does not have"
    return None


def _phrases(clause: str) -> Iterator[str]:
    """The one to four words that name the sound in `sound of ...` and `... is heard`."""
    for match in _SOUND.finditer(clause):
        words = (match["of"] or match["heard"]).lower().split()
        for count in range(min(4, len(words)), 0, -1):
            phrase = " ".join(words[:count] if match["of"] else words[-count:])
            yield phrase.removeprefix("the ").removeprefix("a ")


def _check(pair: Pair, context: Context) -> str | None:
    if not context.settings.contradiction:
        return None
    return contradiction(pair.answer, context.clip, context.features, context.absent)


CONTRADICTION = AnswerFilter("contradiction", _check)
