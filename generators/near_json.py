"""Reads pairs from text that is nearly JSON: quotes that are not escaped, single or smart quotes, missing commas.

The reader goes from key to key. A value begins at its opening quote and ends at the first closing quote that is
followed by another key or by the end of an object; what stands between is taken as it is, so nothing is added, moved
or lost. Where no such end is found nothing is guessed: the pair counts as malformed, or as cut at the text's end.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

from generators.pair_shapes import role

__all__ = ["NearJson", "read_near_json"]

_CLOSING = {'"': '"”', "'": "'’", "“": '”"“', "”": '”"', "„": '“”"', "‘": "’'", "’": "’'", "`": "`'"}
"""Quotes that may close a value, by the one that opened it."""

_MARKS = {opening: re.compile(rf"[{closing}\\]") for opening, closing in _CLOSING.items()}
_OPEN = f"[{''.join(_CLOSING)}]"
_CLOSE = "[\"'”’“`]"
_BEFORE_KEY = frozenset("{[,}\n\"'”’“`")
_QUOTED = rf"{_OPEN} ?(?P<quoted>[A-Za-z][\w -]{{0,30}}) ?{_CLOSE}\s*[:=]\s*(?={_OPEN}|[\[{{\d-]|true|false|null|None)"
_BARE = rf"(?<![\w'-])(?P<bare>[A-Za-z]{{1,20}}[ _]?\d{{0,3}})\s*[:=]\s*(?={_OPEN})"
_KEY = re.compile(rf"{_QUOTED}|{_BARE}")
_END = re.compile(r"\s*,?\s*(?:\}\s*(?:$|[,;\]}{\[`/#])|\}[ \t]*\n|\]\s*(?:$|[,;}\]`])|\][ \t]*\n)")
_BETWEEN = re.compile(r"\s*[,;]?\s*(?:(?://|#)[^\n]*\n\s*)?")
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
        name, count = role(key["quoted"] or key["bare"])
        position = key.end()
        if text[position : position + 1] not in _CLOSING:
            continue  # a list, an object or a number: the keys within come next
        found = _value(text, position)
        if found is None:
            half = {}
            following = _next_key(text, position, opening=True)
            if following is None:
                read.cut = True
                return read
            read.malformed += 1
            position = following.start()
            continue
        value, position = found
        if not name:
            continue
        if half and (name in half or count != number):
            read.malformed += 1
            half = {}
        half[name], number = value, count
        if len(half) == 2:
            read.pairs.append((half["q"], half["a"]))
            half = {}
    rest = text[position:]
    if half and "}" in rest:
        read.malformed += 1
    else:
        read.cut = bool(half) or re.search(r"\{[^}]*$", rest) is not None
    return read


def _next_key(text: str, position: int, *, opening: bool = False) -> re.Match[str] | None:
    """The next key where a key may stand: after a bracket, a comma or a closed value, or at the start of a line.

    With `opening`, only a key of a pair right after `{`.
    """
    for key in _KEY.finditer(text, position):
        lead = text[max(0, key.start() - 40) : key.start()]
        before = lead.rstrip(" \t")[-1:]
        if opening:
            if lead.rstrip().endswith("{") and _in_pair(key):
                return key
        elif (not before or before in _BEFORE_KEY) and (key["quoted"] or _in_pair(key)):
            return key
    return None


def _in_pair(key: re.Match[str]) -> bool:
    return bool(role(key["quoted"] or key["bare"])[0])


def _value(text: str, start: int) -> tuple[str, int] | None:
    """The value that opens at `start`, and where it ends; `None` where no end of it can be told."""
    escaped = -1
    for mark in _MARKS[text[start]].finditer(text, start + 1):
        if mark[0] == "\\":
            escaped = mark.end() if mark.start() != escaped else -1
        elif mark.start() != escaped:
            if _ended(text, mark.end()):
                value = text[start + 1 : mark.start()]
                swallowed = any(key["quoted"] and _in_pair(key) for key in _KEY.finditer(value))
                return None if swallowed else (_unescaped(value), mark.end())
            key = _KEY.match(text, mark.start())
            if key and key["quoted"] and _in_pair(key):
                return None
    return None


def _ended(text: str, position: int) -> bool:
    """Whether a value may end here: an object's end follows, or another key."""
    if _END.match(text, position):
        return True
    between = _BETWEEN.match(text, position)
    key = _KEY.match(text, between.end() if between else position)
    return key is not None and bool(key["quoted"] or _in_pair(key))


def _unescaped(text: str) -> str:
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    if escape[1] is None:
        return str(json.loads(f'"{escape[0]}"'))
    return _SIMPLE.get(escape[1], escape[0])
