"""Ledger lines on disk: one JSON object a line, with a checksum, so that a torn or damaged line is recognised.

A line reads `{"crc":"89ab01ef","key":"<64 hex>","cost_usd":"0.00042","kind":"reply",...}`. The checksum covers the
bytes after it up to the line's end. The first four fields stand first and in this order, so that a ledger of a million
replies is indexed without parsing a million JSON documents.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

__all__ = ["NO_KEY", "Line", "decode", "encode", "parse", "scan"]

NO_KEY = "0" * 64
"""Key of a line that belongs to no single request."""

_HEAD = re.compile(rb'\{"crc":"([0-9a-f]{8})",("key":"([0-9a-f]{64})","cost_usd":"([0-9.]+)","kind":"([a-z]+)",)')
_CRC_LENGTH = len('{"crc":"01234567",')


@dataclass(frozen=True, slots=True)
class Line:
    """Where a whole, undamaged line is and what its head says; offset and length in bytes, newline left out."""

    offset: int
    length: int
    key: str
    cost_usd: Decimal
    kind: str


def encode(kind: str, key: str, cost_usd: str, content: Mapping[str, Any], document: str = "") -> bytes:
    """A ledger line, newline included.

    Args:
        kind: `reply` or another word in lower case.
        key: of the request, 64 hex digits.
        cost_usd: a decimal number without an exponent.
        content: further fields, at least one.
        document: valid JSON, kept as it is in a last field named as the kind. Line breaks can only stand between its
            tokens, so they become spaces.
    """
    body = json.dumps({"key": key, "cost_usd": cost_usd, "kind": kind, **content}, separators=(",", ":"))[1:]
    if document:
        body = f'{body[:-1]},"{kind}":{document.replace(chr(10), " ").replace(chr(13), " ")}}}'
    data = body.encode("utf-8", "surrogatepass")
    return b'{"crc":"%08x",%s\n' % (zlib.crc32(data), data)


def decode(line: bytes) -> tuple[dict[str, Any], str]:
    """The fields of a whole line, and the document it ends in, unchanged (empty without)."""
    text = line.decode("utf-8", "surrogatepass")
    fields: dict[str, Any] = json.loads(text)
    mark = f',"{fields["kind"]}":'
    start = text.find(mark)  # the mark's bare quotes cannot stand inside a JSON string
    return fields, text[start + len(mark) : -1] if start >= 0 else ""


def scan(path: Path, start: int = 0) -> Iterator[Line | int]:
    """The lines of a segment from byte `start` on; for a torn or damaged one its offset instead.

    Memory stays at the longest line, however long the segment is.
    """
    with path.open("rb") as stream:
        stream.seek(start)
        offset = start
        for raw in stream:
            line = parse(raw, offset)
            yield offset if line is None else line
            offset += len(raw)


def parse(raw: bytes, offset: int) -> Line | None:
    """The head of a line, newline included, at byte `offset`; `None` where it is torn or damaged."""
    head = _HEAD.match(raw)
    if head is None or not raw.endswith(b"}\n"):
        return None
    if zlib.crc32(memoryview(raw)[_CRC_LENGTH:-1]) != int(head[1], 16):
        return None
    return Line(offset, len(raw) - 1, head[3].decode(), Decimal(head[4].decode()), head[5].decode())
