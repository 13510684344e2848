"""Opens a text file by what it holds rather than by its name: packed or not, UTF-8 or UTF-16."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

__all__ = ["TextLines", "open_text", "utf16"]

_GZIP = b"\x1f\x8b"
_PEEKED = 64


class TextLines:
    """The lines of a text file, with their line breaks; bytes that are not UTF-8 come as surrogate escapes.

    Attributes:
        damage: what ended the file early, such as a download that stopped half way; empty while all is well.
    """

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self.damage = ""

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            return next(self._stream)
        except EOFError:
            self.damage = "the packed file ends early"
        except (gzip.BadGzipFile, zlib.error) as error:
            self.damage = f"the packed file is damaged ({error})"
        raise StopIteration


@contextmanager
def open_text(file: Path) -> Iterator[TextLines]:
    """The lines of a text file, packed with gzip or not, with or without a byte order mark."""
    with file.open("rb") as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        content: Any = gzip.GzipFile(fileobj=raw) if packed else raw
        try:
            start = content.read(_PEEKED)
        except (EOFError, gzip.BadGzipFile, zlib.error):
            start = b""  # the reading itself meets the damage and says where
        content.seek(0)
        encoding = utf16(start)
        # surrogateescape keeps bytes that are not UTF-8 visible, so that one bad line does not end the reading.
        unit, errors = encoding or "utf-8-sig", "replace" if encoding else "surrogateescape"
        with io.TextIOWrapper(content, encoding=unit, errors=errors, newline="") as stream:
            yield TextLines(stream)


def utf16(start: bytes) -> str:
    """The encoding of a file that begins so, where that is UTF-16 (as Windows writes text), marked or not; else empty.

    It is told by its text: a quarter of it at least are ASCII characters, each with a zero byte.
    """
    marked = start[:2] in (b"\xff\xfe", b"\xfe\xff")
    for encoding in ("utf-16",) if marked else ("utf-16-le", "utf-16-be"):
        text = start[: _PEEKED // 2 * 2].decode(encoding, errors="replace")
        plain = sum(letter.isascii() and letter != "\0" for letter in text)
        if b"\0" in start and plain * (4 if marked else 2) >= len(text) > 1:
            return encoding
    return ""
