"""Reads a long JSON list item by item, in flat memory, so that a bad item is one bad item."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from datasets_registry.lines import Malformed

__all__ = ["json_items"]

_CHUNK = 1 << 20
_LONGEST = 1 << 24
_BETWEEN = re.compile(r"[\s,]*")


def json_items(file: Path, key: str) -> Iterator[tuple[int, dict[str, Any] | Malformed]]:
    """The objects of the list under a key of a JSON file, with the line each starts on, counted from 1.

    An object that is not JSON is given as `Malformed`, and reading goes on at the next line that opens one. A file
    that ends before its list does gives a last `Malformed`.

    Raises:
        Malformed: the file holds no such list.
    """
    decoder = json.JSONDecoder()
    with file.open(encoding="utf-8-sig", errors="surrogateescape") as stream:
        text = stream.read(_CHUNK)
        opening = re.search(rf'"{re.escape(key)}"\s*:\s*\[', text)
        if opening is None:
            raise Malformed(f"no list {key!r}", code="malformed_file")
        line = text.count("\n", 0, opening.end()) + 1
        text, ended = text[opening.end() :], False
        while True:
            between = _BETWEEN.match(text)
            skipped = between.end() if between else 0
            if skipped == len(text) or (not ended and len(text) - skipped < _CHUNK // 4):
                more = stream.read(_CHUNK)
                ended = not more
                if more:
                    text += more
                    continue
            line += text.count("\n", 0, skipped)
            text = text[skipped:]
            if not text:
                yield line, Malformed("the file ends before its list does", advice="Fetch the file anew.")
                return
            if text[0] == "]":
                return
            try:
                item, end = decoder.raw_decode(text)
            except (json.JSONDecodeError, RecursionError) as error:
                if not ended and len(text) < _LONGEST:
                    text += (more := stream.read(_CHUNK))
                    ended = not more
                    continue
                bad_line, bad_column = getattr(error, "lineno", 1), getattr(error, "colno", 1)
                yield line + bad_line - 1, Malformed("not JSON", column=str(bad_column))
                resume = re.compile(r"\n\s*\{").search(text, 1)
                end = resume.start() if resume else len(text)
            else:
                text_of = text[:end]
                bad = not text_of.isascii() and _broken(text_of)
                if bad:
                    yield line, Malformed("not UTF-8 text")
                else:
                    yield line, item if isinstance(item, dict) else Malformed("not a JSON object")
            line += text.count("\n", 0, end)
            text = text[end:]


def _broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
