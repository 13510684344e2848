"""From a model's reply to question-answer pairs, giving up nothing that is whole and accepting nothing that is not.

In turn, each on what the one before it left over:

1. Valid JSON, wherever it is: fences, prose around, JSON lines, arrays, several values (`json`).
2. Objects that are nearly JSON, read from key to key with the text between taken unchanged (`lenient_json`).
3. What json-repair makes of the rest, where it neither added nor lost a letter.
4. Lines that begin with `Q:` and `A:`.

The pair that a reply breaks off in is counted and kept out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from aig.generators.open_ended.json_shapes import pairs_in
from aig.generators.open_ended.lenient_json import NearJson, read_near_json

__all__ = ["Parsed", "json_values", "parse_reply"]

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reply held.

    Attributes:
        pairs: (question, answer) in the reply's order; either may be empty where the model left it so.
        cut: pairs that the reply broke off in: 0 or 1.
        malformed: pieces that look like a pair and cannot be read without loss.
    """

    pairs: tuple[Pair, ...]
    cut: int = 0
    malformed: int = 0


_BRACKET = re.compile(r"[\[{]")
_LABEL = re.compile(
    r"^[\s>*#_(\[\d.-]{0,8}(?P<role>q|question|a|answer)[\s_*#]{0,4}(?P<number>\d{0,3})[\s*_).\]]{0,4}:[\s*_]{0,4}",
    re.IGNORECASE | re.MULTILINE,
)
_DEEPEST = 50
"""No reply is nested so deep; one that opens more brackets than this in a row is not JSON."""


def parse_reply(text: str, finish_reason: str = "") -> Parsed:
    """Reads the pairs of a reply, whatever shape it came in. Never fails.

    Args:
        text: the reply.
        finish_reason: as the server reported it; `length` says that the reply was cut.
    """
    text = text.removeprefix("\ufeff").strip()
    text = _decoded_once_more(text) if text.startswith('"') else text
    pairs: list[Pair] = []
    malformed = 0
    position = 0
    for value, start, end in json_values(text):
        found, incomplete = pairs_in(value)
        if not found and not incomplete:
            continue
        between, lost = _mended(text[position:start])
        pairs += between.pairs + found
        malformed += between.malformed + between.cut + lost + incomplete
        position = end
    rest, lost = _mended(text[position:])
    pairs += rest.pairs
    malformed += rest.malformed + lost
    if not pairs:
        lines = _labelled_lines(text, cut=finish_reason == "length")
        if lines.pairs:
            return lines
    return Parsed(tuple((_encodable(q), _encodable(a)) for q, a in pairs), int(rest.cut), malformed)


def _encodable(text: str) -> str:
    """The text with halves of a character, left by a broken escape, replaced by U+FFFD."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _decoded_once_more(text: str) -> str:
    """The text within a JSON string that is the whole reply; else the text itself."""
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        return text
    return value.strip() if isinstance(value, str) else text


def json_values(text: str) -> Iterator[tuple[Any, int, int]]:
    """The outermost valid JSON arrays and objects of a text, with where they start and end."""
    decoder = json.JSONDecoder(strict=False)
    position = 0
    while match := _BRACKET.search(text, position):
        start = match.start()
        try:
            if re.match(rf"(?:\s*[\[{{]){{{_DEEPEST}}}", text[start : start + 10 * _DEEPEST]):
                raise ValueError("nested too deep")
            value, position = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            position = start + 1
        else:
            yield value, start, position


def _mended(text: str) -> tuple[NearJson, int]:
    """What can be read of a piece that is not valid JSON, and how many pairs were taken back for being unsure."""
    read = read_near_json(text)
    first = _BRACKET.search(text)
    if read.pairs or read.malformed or read.cut or not first:
        return read, 0
    inner = text[first.start() :]
    whole = re.match(r"(?s).*[\]}]", inner)
    if not whole or re.match(rf"(?:\s*[\[{{]){{{_DEEPEST}}}", inner):
        return read, 0
    import json_repair  # of the extra `ask`; what is made of replies can be shown without it

    try:
        value = json_repair.loads(whole[0])
    except RecursionError:
        return read, 0
    found, incomplete = pairs_in(value)
    if _letters(whole[0]) == _letters(" ".join(_strings(value))):
        read.pairs = found
        return read, incomplete
    return read, len(found) + incomplete


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    else:
        yield str(value)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def _labelled_lines(text: str, *, cut: bool) -> Parsed:
    """Pairs written as `Q: ...` and `A: ...`, each label at the start of a line; prose behind the last is left out."""
    labels = list(_LABEL.finditer(text))
    pairs: list[Pair] = []
    malformed = 0
    question: str | None = None
    for number, label in enumerate(labels):
        last = number + 1 == len(labels)
        body = text[label.end() : len(text) if last else labels[number + 1].start()].strip(" \t\n*_")
        if label["role"].lower().startswith("q"):
            malformed += question is not None
            question = body
        elif question is None:
            malformed += 1
        else:
            pairs.append((question, body.split("\n\n")[0] if last else body))
            question = None
    if cut and (pairs or question is not None):
        return Parsed(tuple(pairs if question is not None else pairs[:-1]), 1, malformed)
    return Parsed(tuple(pairs), 0, malformed + (question is not None))
