"""Reads a long JSON list item by item, in flat memory, so that a bad item is one bad item."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["json_items"]

_AHEAD = 1 << 20
"""Characters read ahead: an object that is longer counts as malformed."""

_BETWEEN = re.compile(r"[\s,]*")
_NEXT = re.compile(r"\n\s*\{")


def json_items(file: Path, key: str | None) -> Iterator[tuple[int, dict[str, Any] | MalformedRowError]]:
    """The objects of the list under a key of a JSON file, or of a file that is a list, with their first line, from 1.

    An object that is not JSON is given as `MalformedRowError`, and reading goes on at the next line that opens one.
    A file that ends before its list does gives a last `MalformedRowError`, as does one without such a list.
    """
    decode = json.JSONDecoder().raw_decode
    with file.open(encoding="utf-8-sig", errors="surrogateescape") as stream:
        text = stream.read(2 * _AHEAD)
        opening = re.match(r"\s*\[", text) if key is None else re.search(rf'"{re.escape(key)}"\s*:\s*\[', text)
        if opening is None:
            missing = "the file is not a list" if key is None else f"no list {key!r}"
            yield 1, MalformedRowError(missing, code="malformed_file", advice="Download the file again.")
            return
        line, at = text.count("\n", 0, opening.end()) + 1, opening.end()
        while True:
            if len(text) - at < _AHEAD:
                text, at = text[at:] + stream.read(2 * _AHEAD), 0
            between = _BETWEEN.match(text, at)
            start = between.end() if between else at
            line += text.count("\n", at, start)
            at = start
            if at == len(text):
                yield line, MalformedRowError("the file ends before its list does", advice="Download the file again.")
                return
            if text[at] == "]":
                return
            try:
                item, end = decode(text, at)
            except (ValueError, RecursionError) as error:  # a number of thousands of digits is a ValueError
                place = getattr(error, "pos", at)
                yield (
                    line + text.count("\n", at, place),
                    MalformedRowError("not JSON", column=str(place - text.rfind("\n", 0, place))),
                )
                following = _NEXT.search(text, at + 1)
                end = following.start() if following else len(text)
            else:
                if not isinstance(item, dict):
                    yield line, MalformedRowError("not a JSON object")
                elif _broken(item):
                    yield line, MalformedRowError("not UTF-8 text")
                else:
                    yield line, item
            line += text.count("\n", at, end)
            at = end


def _broken(item: dict[str, Any]) -> bool:
    """Whether a text in an object holds bytes that are not UTF-8, or half a surrogate pair."""
    try:
        for value in item.values():
            if isinstance(value, str) and not value.isascii():
                value.encode()
    except UnicodeEncodeError:
        return True
    return False
