"""Questions and answers that betray what they were written from.

A model that will hear a clip must not learn to speak of metadata, of a caption, of what is seen, of hertz that nobody
can hear, or of the instructions its teacher had. Words alone do not tell: a speaker may talk *about* a description, a
dataset or a picture, and then they belong into the answer. So a sentence in which somebody says, reads or describes
them stays, and so does a word that is spoken in the clip itself.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache

from aig.core.records import Clip, Features
from aig.filters.answers.answer_filter import AnswerFilter, Context, Pair
from aig.filters.answers.seldom import Seldom, letters
from aig.filters.answers.sentences import WORD, content_words, sentences, unquoted

__all__ = ["SOURCE", "source"]

_I = re.IGNORECASE


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(patterns), _I)


_OF_AUDIO = r"(?:(?:audio|sound|speech|clip|recording|acoustic|event|emotion|genre|volume|text)(?:['’]s)? )"
_THE = r"(?:the|this|these|those|that|both|clip['’]s|audio['’]s|recording['’]s|user['’]s)"
_GIVEN = r"(?:given|provided|supplied|listed|annotated|aforementioned)"
_TELLS = (
    r"(?:say|state|mention|describe|indicate|suggest|note|show|list|include|contain|reveal|tell|point|confirm|specif"
    r"|read|give|call|imply|hint|agree|mark|label|name|add|speak|convey|highlight|depict|provide|refer|identif)"
    r"(?:s|es|ies|y|d|ed)?\b"
)
_RECORD = r"(?:meta-?data|annotations?|data ?sets?|label list|event list|captions|ground truth)"
"""Nouns that, with an article, mean what a clip is annotated with."""

_ACCOUNT = r"(?:description|caption|prompt|transcript(?:ion)?|metadata|labels?|tags?|input)"
"""Nouns that mean it where something is told by them or taken from them."""

_ANYTHING = (
    r"(?:descriptions?|captions?|information|details?|text|transcript(?:ion)?|prompt|input|context|passage|data|"
    r"lyrics|"
    r"emotions?|genders?|ages?|genres?|titles?|labels?|tags?|sounds?|sound events?|events?|audio|clip|recording|"
    r"speech|features?|levels?|timestamps?|"
    r"metadata|annotations?|scenario|options?)"
)
_CLIP = (
    r"(?:clip|recording|audio|sound|emotion|genre|volume|pitch|speed|pace|age|gender|speech|voice|tone|event|scene)"
    r"(?: of [\w' ]{1,40}?)?"
)
_WRITTEN = r"(?:label|tag|annotat|list|stat|describ|mention|categori[sz]|classifi|mark)\w*ed|label+ed|given|stated"

_ANNOTATED = _any(
    rf"\b{_THE} {_OF_AUDIO}?{_RECORD}\b",
    r"\bmeta-?data\b",
    r"\b(?:the|these|both|given|provided) (?:\w+ )?(?:labels|tags|captions)\b(?! (?:on|of|in the (?:shop|store|"
    r"jar)))",
    r"\blist of (?:the )?(?:labels|sounds|sound events|events|tags)\b",
    rf"\b{_THE} {_OF_AUDIO}?(?:clip )?description\b(?! of\b| he\b| she\b)",
    rf"\b{_THE} description of (?:the |this |an? )?(?:audio|clip|recording|sound|speaker|voice|speech|scene|pitch)\b",
    rf"\b{_THE} {_OF_AUDIO}?{_ACCOUNT}(?: ['\"]\S*)? (?:also |clearly |further |does not |doesn['’]t |did not |"
    rf"had )?{_TELLS}",
    rf"\b{_THE} (?:emotion|genre|sound|event|class|category) (?:label|tag)\b",
    r"\b(?:the|this) text (?:also )?(?:says|states|mentions|describes|indicates|relates?|suggests|implies|conveys|"
    r"means)\b",
    r"\b(?:subject|tone|topic|author|perspective|mood|purpose|meaning|theme|content) (?:of|on) (?:the|this) text\b",
    r"\b(?:does|do|is|are|can) (?:the|this) text\b|\bno indication of\b",
    rf"\b(?:according to|based on|as per|per|going by|judging by|in|from|by|of|to) {_THE} {_OF_AUDIO}?"
    r"(?:description|caption|prompt|transcript(?:ion)?|metadata|labels|tags|input)\b(?! of (?:his|her|the (?:house|"
    r"man)))",
    rf"\b(?:the|these|this|and|any|all|based on) (?:\w+ )?{_GIVEN} (?:\w+ ){{0,2}}?{_ANYTHING}\b",
    rf"\b{_ANYTHING} (?:given|provided|supplied|listed|above)\b(?! (?:by|for|to|in the (?:morning|"
    rf"evening))\b(?! the user))",
    rf"\b{_ANYTHING} (?:given|provided|supplied) by the user\b",
    r"\b(?:the|this) user (?:has |also )?(?:say|state|describe|mention|give|provide|ask|want|write)\w*\b",
    r"\bby the user\b|\bthe user['’]s (?:description|prompt|input|message|request)\b",
    r"\bas (?:is |was )?(?:stated|mentioned|described|noted|indicated|given|annotated|listed|specified)"
    r"(?:,| above| in (?:the|this)\b(?: (?:text|description|caption|prompt|metadata|information|passage|transcript)))",
    r"\bit (?:is|was) (?:stated|mentioned|given|specified|annotated|noted in the) ?(?:that|\b)",
    rf"\b{_CLIP} (?:is|are|was) (?:also )?(?:(?:labell?ed|tagged|annotated|listed|categori[sz]ed|marked) "
    rf"(?:as|with|under)|(?:described|given|stated) (?:as|to be)|described as)\b",
    r"\b(?:gender|age|emotion|volume|pitch|speed)(?: \w+){0,2} (?:level )?(?:is|was) (?:given|listed|stated|"
    r"described)\b",
    r"\b(?:is|are|was) (?:the )?(?:volume|pitch|speed|pace|voice|emotion|speech|clip|recording) described as\b",
    r"\b(?:pitch|speed|volume) level(?: of| is|\b)(?= (?:of|given|listed|high|low|medium|very)\b)",
    r"\b(?:sounds?|events?|details?) (?:that (?:is|are) )?(?:listed|mentioned) (?:first |last )?in\b",
    r"\blisted (?:sounds?|events?|labels?)\b|\bevents listed\b|\bno (?:mention|"
    r"emotion is given)\b.*\bin the (?:description|metadata)",
    r"\bis consistent with the description\b|\b(?:high|low|medium)\b.{0,12} among all people\b",
)

_PICTURE = r"(?:video|image|picture|photo(?:graph)?|footage|frame|screen|shot|visuals?)"
_SEEN = _any(
    rf"\b(?:in|on|from|of) (?:the|this) {_PICTURE}\b(?! of\b| game\b)",
    r"\b(?:the|this) (?:video|image|footage|photo(?:graph)?|visuals?|camera) (?:also )?(?:shows?|depicts?|"
    r"captures?|moves?|"
    r"pans?|zooms?|focus(?:es)?|is|was|suggests?|features?|opens?)\b",
    r"\bthe picture (?:shows|depicts|is)\b|\bvisual (?:content|cues?|elements?|scene|information)\b|\bvisually\b",
    r"\b(?:one|we|you|viewers?|listeners?|audience) (?:can|could|may|will|also) (?:also |clearly )?see "
    r"(?!why|how|what|from|through|whether|if|it as)",
    r"\b(?:can|could) be (?:clearly )?seen(?! as\b| in (?:his|her|the (?:way|tone|voice|pitch|speaker))\b)",
    r"\b(?:is|are) seen \w+ing\b|\bseen in (?:the|this) (?:video|image|picture|background)\b",
    r"\b(?:is|are) (?:clearly )?visible\b|\bvisibly\b|\ba shot of\b",
    r"\b(?:a|the) viewers?\b",
    r"\bfacial expressions?\b|\bbody language\b|\b(?:his|her|their|the) (?:gestures?|posture)\b",
    r"\b(?:speaker|man|woman|person|singer|child|boy|girl) (?:is wearing|wears|is dressed)\b",
    r"\blooks? (?:at|into) the camera\b|\bbright colou?rs\b",
)

_BEGINS_LEFT_OVER = _any(
    r"\W*(?:(?:modified|rewritten|revised|new|original|final|follow-?up|example|sample|improved|possible) )?"
    r"(?:questions?|answers?|instruction|output|response|explanation|reasoning|note|q|a|step \d+)(?: ?\d+)? ?:",
    r"\W*(?:\(note|sure[!,] ?(?:here|i\b|the|\W*$)|sure!|certainly!|of course!|certainly, here|absolutely! )",
)
_HOLDS_LEFT_OVER = Seldom(
    _any(
        r"\bhere(?: is|['’]s| are) (?:a|an|the|some|another|my|\w+) (?:\w+ )?(?:questions?|answers?|question-answer|"
        r"pairs?|json|list)\b",
        r"\bquestion[- ](?:and[- ])?answer pairs?\b|\bQA pairs?\b|\bJSON\b",
        r"```|<\|\w+\|>|\[/?INST\]|</?(?:answer|think|question|s)>|\{\s*\"|\[insert\b|\{\{",
        r"\bI hope this helps\b|\blet me know if you\b",
        r"\b(?:write|generate|create|compose|rephrase|formulate) (?:an?|the|another|\d+|\w+) (?:\w+ )?(?:questions?|"
        r"answers?|pairs?)\b",
        r"\bthe answer (?:should|must) (?:be|start|begin|have|contain|not|include)\b",
        r"\bdo not (?:mention|give away|invent)\b|\bgiving away the answer\b|\bgives? away the answer\b",
        r"\bin one to (?:three|two) (?:full )?sentences\b|\bof more than \w+ words\b",
        r"\bis the answer to the question\b",
        r"^\W*(?:a question|its answer|another question|question|answer|the question|the answer)\W*$",
    ),
    "answer away compose create formulate generate here hope invent json let mention pair pairs question rephrase "
    "sentences words write",
    parts="`<[{",
)

_ASSISTANT = Seldom(
    _any(
        r"\bas an? (?:AI|artificial intelligence)(?= (?:language|assistant|model|system)\b|\W*(?:,|\.|$)| I\b)",
        r"\bas a (?:large |text-based )?language model\b",
        r"\bI(?:['’]m| am) (?:only |just )?an? (?:AI|text-based|(?:large )?language model|virtual assistant)\b",
        r"\bI (?:cannot|can ?not|can['’]t|could not|am (?:not able|unable) to) (?:actually |directly )?(?:hear|"
        r"listen to|access|"
        r"process) (?:the |this |any )?(?:audio|recording|clip|sounds?|files?)\b",
        r"\bI (?:do not|don['’]t) have (?:direct )?access to (?:the |any )?(?:audio|recording|clip|actual)\b",
        r"\bI was not given\b|\bmy training data\b",
    ),
    "access ai artificial given hear language listen process text training virtual",
)

_HERTZ = Seldom(re.compile(r"(?<![\d.])(\d[\d.,]*) ?(?:hz|hertz)\b", _I), "hz hertz")
_MEASURE = Seldom(re.compile(r"\bf0\b|\bfundamental frequency\b", _I), "f frequency")
_VOICE = re.compile(r"\b(?:pitch|f0|fundamental frequency|voices?|speaker|his|her)\b", _I)

_PERSON = (
    r"(?:he|she|they|I|who|somebody|someone|(?:wo)?m[ae]n|guide|host|witness|lawyer|professor|police|pilot|"
    r"(?!user\b|metadata\b|whether\b|other\b|another\b|either\b|after\b|never\b|further\b)\w{2,}(?:er|or|ist|ian|ant))"
)
_SPEAKS = re.compile(
    rf"\b{_PERSON}(?: \w+ly)? (?:(?:is|was|are|were|keeps?|seems? to be|starts?|begins?) )?"
    r"(?:sa(?:ys?|id)|tell(?:s|ing)?|told|talk(?:s|ing)?|ask(?:s|ing)?|explain(?:s|ing)?|mention(?:s|ing)?|"
    r"read(?:s|ing)?|describ(?:es?|ing)|complain(?:s|ing)?|"
    r"argu(?:es?|ing)|claim(?:s|ing)?|warn(?:s|ing)?|jok(?:es?|ing)|recall(?:s|ing)?|cit(?:es?|ing)|recit(?:es?|"
    r"ing)|discuss(?:es|ing)?|"
    r"present(?:s|ing)?|report(?:s|ing)?|list(?:s|ing)?|giv(?:es?|ing)|refer(?:s|ring)?|note(?:s|d)?|writ(?:es?|"
    r"ing)|wrote|"
    r"announc(?:es?|ing)|state[sd]?|want(?:s|ed)?|put(?:s|ting)?|speak(?:s|ing)?|question(?:s|ing)?|promis(?:es?|"
    r"ing)|compar(?:es?|ing))\b",
    _I,
)
_BREAKS_OFF = re.compile(r",? (?:as|which|since|because|though|while|according|based|so)\b|, (?:in|and) |;|:", _I)


_HINTS = (
    (
        _ANNOTATED,
        "speaks of what the clip is annotated with",
        frozenset(
            """
            above among aforementioned annotated annotation annotations caption captions categorised categorized data
            dataset
            datasets described description given ground indicated input label labeled labelled labels level list listed
            marked mention mentioned meta metadata noted prompt provided specified stated supplied tag tagged tags text
            transcript transcription user
            """.split()  # noqa: SIM905 - a list of quoted words is harder to read
        ),
    ),
    (
        _SEEN,
        "speaks of sight",
        frozenset(
            """
            body bright camera dressed facial footage frame gesture gestures image photo photograph picture posture
            screen see seen shot video viewer viewers visible visibly visual visually visuals wearing wears
            """.split()  # noqa: SIM905
        ),
    ),
)
"""Patterns with what they find, and words of which a sentence must hold one: looked for first, as it is far cheaper."""


def source(question: str, answer: str, clip: Clip, features: Features | None = None, prompt: str = "") -> str | None:
    """How a pair betrays what it was written from, or `None`.

    Args:
        question: as the model wrote it.
        answer: as the model wrote it.
        clip: what is annotated; words that are spoken in it betray nothing.
        features: what was measured.
        prompt: the instructions the model had; empty: their phrases are not looked for.
    """
    heard = features.transcript if features else None
    spoken = f"{clip.text or ''} {heard or ''}".strip().casefold()
    for text in (question, answer):
        own = unquoted(text)
        for found in (_assistant(own, text), _told(own, spoken), _hertz(own, spoken, features)):
            if found:
                return found
    return _repeated(question, prompt) if prompt else None


def _assistant(own: str, text: str) -> str | None:
    if match := _ASSISTANT.search(own):
        return f"{match[0]!r} speaks as the model that wrote it"
    whole = text.strip()
    if match := _BEGINS_LEFT_OVER.match(whole) or _HOLDS_LEFT_OVER.search(whole):
        return f"{match[0]!r} is left of the instructions"
    return None


def _told(own: str, spoken: str) -> str | None:
    for sentence in sentences(own):
        words = letters(sentence)
        for pattern, what, hints in _HINTS:
            if hints.isdisjoint(words):
                continue
            for match in pattern.finditer(sentence):
                if not (_about_it(sentence, match.start()) or _in_clip(match[0], spoken)):
                    return f"{match[0]!r} {what}"
    return None


def _about_it(sentence: str, at: int) -> bool:
    """Whether somebody in the clip speaks of what stands at a place of a sentence, or it is denied."""
    before = sentence[:at]
    if re.search(r"\b(?:without|not|never|cannot|n['’]t)(?: \w+){0,2} $", before, _I):
        return True
    said = max((match.end() for match in _SPEAKS.finditer(before)), default=None)
    return said is not None and not _BREAKS_OFF.search(before, said)


def _in_clip(phrase: str, spoken: str) -> bool:
    """Whether the telling word of a phrase, its longest but for verbs and adjectives, is spoken in the clip."""
    return bool(spoken) and any(
        word in spoken
        for word in re.findall(
            r"meta-?data|annotation|data ?set|caption|label|description|prompt|transcript|video|image|picture|"
            r"photo|camera|"
            r"screen|visible|gesture|posture|body language|facial expression|viewer|footage|information|details?|"
            r"tags?\b",
            phrase.casefold(),
        )
    )


def _hertz(own: str, spoken: str, features: Features | None) -> str | None:
    if "hz" in spoken or "hertz" in spoken:
        return None
    for sentence in sentences(own):
        measure = None if "frequency" in spoken else _MEASURE.search(sentence)
        if measure and not _about_it(sentence, measure.start()):
            return f"{measure[0]!r} is a measure, which nobody hears"
        for match in _HERTZ.finditer(sentence):
            if (_VOICE.search(sentence) or _is_f0(match[1], features)) and not _about_it(sentence, match.start()):
                return f"{match[0]!r} is a number of hertz, which nobody hears"
    return None


def _is_f0(number: str, features: Features | None) -> bool:
    try:
        value = float(number.replace(",", "").rstrip("."))
    except ValueError:
        return False
    return features is not None and features.f0_hz is not None and abs(features.f0_hz - value) <= 1


LINE_WORDS = 4
"""Fewest content words of a question that may be a line of its prompt: shorter ones ask what anybody would."""

LINE_SHARE = 0.85
"""Share of a question's content words in one line of its prompt from which on it only repeats that line."""


RUN_WORDS, RUN_SHARE = 4, 0.6
"""The words in a row, and the share of all its words, from which on a question only repeats its prompt; one of fewer
words does where it is all that stands between two marks there ("What causes what?") or what one is told to ask or to
say ("Ask what takes thought")."""


def _repeated(question: str, prompt: str) -> str | None:
    """Whether a question is a line of its prompt with a question mark, or for the most part a run of its words."""
    asked, told, known = WORD.findall(question.casefold()), _running(prompt), _words(prompt)
    least = max(RUN_WORDS, math.ceil(RUN_SHARE * len(asked)))
    bare = " ".join(asked)
    if bare in _between_marks(prompt) or (
        len(asked) > 1 and any(f" {verb} {bare} " in told for verb in ("ask", "say", "says", "tell", "tells"))
    ):
        return f"{bare!r} stands so in the prompt"
    unknown = max((at for at, word in enumerate(asked[: least - 1]) if word not in known), default=-1)
    for start in range(len(asked) - least + 1):
        if asked[start + least - 1] not in known:
            unknown = start + least - 1
        if unknown < start and f" {' '.join(asked[start : start + least])} " in told:
            return f"{' '.join(asked[start : start + least])!r} stands so in the prompt"
    words = _stems(question)
    if len(words) < LINE_WORDS or len(words & _all_stems(prompt)) < LINE_SHARE * len(words):
        return None
    for line in _lines(prompt):
        shared = len(words & line)
        if shared >= LINE_SHARE * len(words):
            return f"{shared} of the question's {len(words)} content words are one line of the prompt"
    return None


@lru_cache(maxsize=64)
def _running(prompt: str) -> str:
    return f" {' '.join(WORD.findall(prompt.casefold()))} "


@lru_cache(maxsize=64)
def _words(prompt: str) -> frozenset[str]:
    return frozenset(_running(prompt).split(" "))


@lru_cache(maxsize=64)
def _between_marks(prompt: str) -> frozenset[str]:
    return frozenset(" ".join(WORD.findall(part)) for part in re.split(r"[.,;:?!()\n]", prompt.casefold())) - {"why"}


@lru_cache(maxsize=64)
def _lines(prompt: str) -> tuple[frozenset[str], ...]:
    return tuple(filter(None, map(_stems, prompt.splitlines())))


@lru_cache(maxsize=64)
def _all_stems(prompt: str) -> frozenset[str]:
    return frozenset().union(*_lines(prompt))


def _stems(text: str) -> frozenset[str]:
    """Content words without the endings of number and person."""
    return frozenset(word if word.endswith("ss") else word.removesuffix("s") for word in content_words(text))


def _check(pair: Pair, context: Context) -> str | None:
    if not context.settings.source:
        return None
    return source(pair.question, pair.answer, context.clip, context.features, context.prompt)


SOURCE = AnswerFilter("source", _check)
