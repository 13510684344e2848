"""The index of a ledger as a file, so that a reader need not go through gigabytes of replies to find some of them.

    keys.index    a line of JSON about the segments it was made of, then four columns of numbers, sorted by key

On a disk it is mapped: readers on one machine share its pages. A reader from an object store fetches it whole, 40 bytes
a reply. It is a copy of what the segments say; without it, or where it does not fit them, they are read as before.
"""

from __future__ import annotations

import json
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from aig.core.storage import filesystem, is_local, whole_file
from aig.generators.ledger.key_index import KeyIndex

__all__ = ["FILE", "Head", "read_index", "write_index"]

FILE = "keys.index"

_FORMAT = 1
_MOST_HEAD = 1 << 26
_WIDTH = 40
"""Bytes of a key: two halves, segment, offset, length."""


@dataclass(frozen=True, slots=True)
class Head:
    """What an index was made of, and what its segments say beside the replies.

    Attributes:
        scanned: bytes that were read of each segment, by name, in the order of their numbers.
        replaced: segments that others replace.
        damaged: lines that are torn or damaged: segment and offset.
        paid_usd: what the replies cost, a decimal number as text.
        lost_usd: the most that requests without a reply can have cost, without those in flight.
        exposed: by writer, the most that was in flight when it was last heard of.
    """

    scanned: dict[str, int]
    replaced: list[str]
    damaged: list[tuple[str, int]]
    paid_usd: str
    lost_usd: str
    exposed: dict[str, str]


def write_index(url: str, head: Head, keys: KeyIndex) -> None:
    """Writes the index of the ledger at `url`, whole or not at all."""
    columns = b"".join(np.ascontiguousarray(column).tobytes() for column in keys.columns())
    told = {"format": _FORMAT, "keys": len(keys), "crc": zlib.crc32(columns), **asdict(head)}
    said = json.dumps(told).encode()
    with whole_file(f"{url}/{FILE}") as stream:
        stream.write(said.ljust(-(-(len(said) + 1) // 8) * 8 - 1) + b"\n")
        stream.write(columns)


def read_index(url: str) -> tuple[Head, KeyIndex] | None:
    """The index of the ledger at `url`; `None` where there is none of this version, or it is not as it was written."""
    fs, path = filesystem(f"{url}/{FILE}")
    if not fs.exists(path):
        return None
    try:
        content: Any = np.memmap(Path(path), np.uint8, "r") if is_local(url) else np.frombuffer(fs.cat_file(path), "B")
        start = int(np.argmax(content[:_MOST_HEAD] == ord("\n"))) + 1
        said = json.loads(bytes(content[:start]))
        numbers = np.asarray(content[start:])
        keys, told = said.pop("keys"), (said.pop("format"), said.pop("crc"))
        if told != (_FORMAT, zlib.crc32(numbers.data)) or len(numbers) != _WIDTH * keys:
            return None
        head = Head(**{**said, "damaged": [(name, offset) for name, offset in said["damaged"]]})
    except (ValueError, KeyError, TypeError):
        return None
    high, low = (numbers[n * 8 * keys : (n + 1) * 8 * keys].view(np.uint64) for n in range(2))
    return head, KeyIndex(high, low, numbers[16 * keys :].view(np.int64).reshape(keys, 3))
