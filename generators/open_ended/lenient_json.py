"""Reads pairs from text that is nearly JSON: quotes not escaped, single, smart, doubled or missing, commas missing.

The reader goes from key to key. A value begins behind its key and ends at the first closing quote that is followed by
another key or by the end of an object, or, where that quote is missing, at the sentence's end before the next key; what
stands between is taken as it is, so nothing is added, moved or lost. A question and an answer belong together
only where no brace stands between them. Where no end can be told nothing is guessed: the pair counts as malformed, or
as cut at the text's end.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from aig.generators.open_ended.json_shapes import ROLE_NAME, role

__all__ = ["NearJson", "read_near_json"]

_CLOSING = {'"': '"”', "'": "'’", "“": '”"“', "”": '”"', "„": '“”"', "‘": "’'", "’": "’'", "`": "`'"}
"""Quotes that may close a value, by the one that opened it."""

_MARKS = {opening: re.compile(rf"[{closing}\\]") for opening, closing in _CLOSING.items()}
_QUOTE = f"[{''.join(_CLOSING)}]"
_WORD = r"(?!(?:true|false|null|none)\b)[^\W\d_]"
_PAIR_KEY = (
    rf"{_QUOTE}{{1,2}}(?P<both>{ROLE_NAME}){_QUOTE}{{1,2}}(?:\s*[:=]\s*(?={_QUOTE}|{_WORD})|\s+(?={_QUOTE}))"
    rf"|{_QUOTE}(?P<opened>{ROLE_NAME})\s*[:=]\s*(?={_QUOTE})"
    rf"|(?P<closed>{ROLE_NAME}){_QUOTE}\s*[:=]\s*(?={_QUOTE})"
    rf"|(?P<bare>{ROLE_NAME})\s*[:=]\s*(?={_QUOTE})"
)
_OTHER_KEY = rf"{_QUOTE} ?[a-z][\w -]{{0,30}} ?{_QUOTE}\s*[:=]\s*(?={_QUOTE}|[\[{{\d-]|(?:true|false|null|none)\b)"
_KEY = re.compile(rf"(?<![\w\\'’-])(?:{_PAIR_KEY}|{_OTHER_KEY})", re.IGNORECASE)
_BEFORE_KEY = frozenset("{[,}\n\"'”’“`")
_END = re.compile(r"\s*,?\s*(?:\}\s*(?:$|[,;\]}{\[`/#])|\}[ \t]*\n|\]\s*(?:$|[,;}\]`])|\][ \t]*\n)")
_BETWEEN = re.compile(r"[\s,;{}\[\]]*(?:(?://|#)[^\n]*\n[\s,;{}\[\]]*)?")
_UNCLOSED = re.compile(r"(.*[.!?…])[\s,;:{}\[\]]+", re.DOTALL)
_ESCAPE = re.compile(r"(?:\\u[0-9a-fA-F]{4})+|\\(.)", re.DOTALL)
_SIMPLE = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"} | {mark: mark for mark in "\"'\\/“”‘’`"}


@dataclass(slots=True)
class NearJson:
    """What was read.

    Attributes:
        pairs: (question, answer) in the text's order.
        malformed: questions without a readable answer, or the other way round.
        cut: whether the text breaks off within an object.
    """

    pairs: list[tuple[str, str]] = field(default_factory=list)
    malformed: int = 0
    cut: bool = False


def read_near_json(text: str) -> NearJson:
    """The pairs of a text that is nearly JSON. Never fails."""
    read = NearJson()
    half: dict[str, str] = {}
    number = ""
    position = 0
    while key := _next_key(text, position):
        name, count = _role(key)
        if half and (name in half or count != number or _apart(text[position : key.start()])):
            read.malformed += 1
            half = {}
        found = _value(text, key.end())
        if found is None:
            half = {}
            following = _next_key(text, key.end(), opening=True)
            if following is None:
                read.cut = True
                return read
            read.malformed += 1
            position = following.start()
            continue
        value, position = found
        if not name:
            continue
        half[name], number = value, count
        if len(half) == 2:
            read.pairs.append((half["q"], half["a"]))
            half = {}
    rest = text[position:]
    if half and "}" in rest:
        read.malformed += 1
    else:
        read.cut = bool(half) or re.search(r"\{[^}\[]*$", rest) is not None
    return read


def _role(key: re.Match[str]) -> tuple[str, str]:
    """Side of a pair that a key names (empty: another key), and its number."""
    return role(key["both"] or key["opened"] or key["closed"] or key["bare"] or "")


def _apart(between: str) -> bool:
    return "{" in between or "}" in between


def _next_key(text: str, position: int, *, opening: bool = False) -> re.Match[str] | None:
    """The next key with a text where a key may stand: after a bracket, a comma or a value, or at a line's start.

    With `opening`, only a key of a pair right after `{`.
    """
    for key in _KEY.finditer(text, position):
        lead = text[max(0, key.start() - 40) : key.start()]
        if opening:
            if lead.rstrip().endswith("{") and _role(key)[0]:
                return key
        elif lead.rstrip(" \t")[-1:] in _BEFORE_KEY or not lead.strip():
            after = text[key.end() : key.end() + 1]
            if after in _CLOSING or _role(key)[0]:
                return key
    return None


def _value(text: str, start: int) -> tuple[str, int] | None:
    """The value that begins at `start`, and where it ends; `None` where no end of it can be told."""
    opening = text[start] if text[start] in _CLOSING else ""
    begin = start + len(opening)
    escaped = -1
    for mark in _MARKS[opening or '"'].finditer(text, begin):
        if mark[0] == "\\":
            escaped = mark.end() if mark.start() != escaped else -1
        elif mark.start() != escaped:
            key = _KEY.match(text, mark.start())
            if key and (key["both"] or key["opened"]):
                unclosed = _UNCLOSED.fullmatch(text, begin, mark.start())
                return (_whole(unclosed[1], opening), unclosed.end(1)) if opening and unclosed else None
            if _ended(text, mark.end()):
                value = text[begin : mark.start()]
                if any(value[: inner.start()].rstrip().endswith("{") for inner in _KEY.finditer(value)):
                    return None
                return _whole(value, opening or '"'), mark.end()
    return None


def _ended(text: str, position: int) -> bool:
    """Whether a value may end here: an object's end follows, or another key."""
    if _END.match(text, position):
        return True
    between = _BETWEEN.match(text, position)
    return _KEY.match(text, between.end() if between else position) is not None


def _whole(value: str, quote: str) -> str:
    """The value without a quote too many at one of its ends, its escapes read."""
    if re.sub(r"\\.", "", value).count(quote) % 2:
        if value.startswith(quote):
            value = value[1:]
        elif value.endswith(quote):
            value = value[:-1]
    return _ESCAPE.sub(_character, value) if "\\" in value else value


def _character(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return str(json.loads(f'"{escape[0]}"'))
    return _SIMPLE.get(escape[1], escape[0])
