"""Reads text files row by row, so that a bad row is one bad row, with its line, and never the end of the reading."""

from __future__ import annotations

import csv
import gzip
import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from aig.core.records import Quarantined

__all__ = ["MalformedRowError", "csv_rows", "json_lines", "quarantined", "text_lines", "utf16"]

_PEEKED = 64


class MalformedRowError(ValueError):
    """A row that cannot be read, with what is wrong and the column where it shows.

    Attributes:
        message: what is wrong.
        column: name or number of the column, empty where it is the whole line.
        code: short stable code for the quarantine.
        advice: what to do about it.
    """

    def __init__(self, message: str, *, column: str = "", code: str = "malformed_line", advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.column = column
        self.code = code
        self.advice = advice


def quarantined(dataset: str, file: Path, line: int, error: MalformedRowError, audio_id: str = "") -> Quarantined:
    """The record of a row that could not be read: file, line and column in its message."""
    column = f", column {error.column}" if error.column else ""
    return Quarantined(
        dataset=dataset,
        audio_id=audio_id,
        stage="index",
        error=error.code,
        message=f"{file.name}, line {line}{column}: {error.message}",
        advice=error.advice or "Fix or remove the line; the other lines were read.",
    )


def csv_rows(
    file: Path,
    *,
    delimiter: str = ",",
    skipinitialspace: bool = False,
    multiline: bool = False,
    quoted: bool = True,
    encoding: str = "",
) -> Iterator[tuple[int, list[str] | MalformedRowError]]:
    """Rows of a delimited text file with the number of the line each starts on, from 1; blank lines are skipped.

    A quote that is never closed costs its own line, not those after it: a row that spans lines is malformed, and
    reading goes on at its second line, unless it is `multiline` and has as many cells as the first row.

    Args:
        file: UTF-8 or UTF-16 text; gzip where the name ends in `.gz`.
        delimiter: one character.
        skipinitialspace: whether blanks behind a delimiter are no part of the cell.
        multiline: whether a quoted cell may hold line breaks.
        quoted: whether `"` quotes at all.
        encoding: what a cell that is not UTF-8 is read as, such as `cp1252`; empty: its row is malformed.
    """
    with _text(file) as stream:
        feed, width = _Feed(stream), 0
        reader = csv.reader(
            feed,
            delimiter=delimiter,
            skipinitialspace=skipinitialspace,
            quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        )
        while True:
            feed.begin()
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield feed.number, feed.retreat(MalformedRowError(str(error)))
                continue
            if not row:
                continue
            width = width or len(row)
            if len(feed.taken) > 1 and not (multiline and len(row) == width):
                yield feed.number, feed.retreat(MalformedRowError("a quote that is not closed on its line"))
            elif not feed.taken[0].isascii() and (bad := _decode(row, encoding)):
                yield feed.number, MalformedRowError(f"not {encoding or 'UTF-8'} text", column=str(bad))
            else:
                yield feed.number, row


class _Feed:
    """Lines for a `csv.reader`, which remembers those of the present row and can take them up again."""

    def __init__(self, stream: IO[str]) -> None:
        self._stream = stream
        self._again: deque[str] = deque()
        self._next = 1
        self.number = 1
        self.taken: list[str] = []

    def begin(self) -> None:
        self.number = self._next
        self.taken = []

    def __iter__(self) -> _Feed:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else next(self._stream)
        self.taken.append(line)
        self._next += 1
        return line

    def retreat(self, error: MalformedRowError) -> MalformedRowError:
        """Gives all lines of the row but its first back to the reader."""
        self._again.extendleft(reversed(self.taken[1:]))
        self._next = self.number + 1
        return error


def _decode(row: list[str], encoding: str) -> int:
    """Reads cells that are not UTF-8 as the encoding, in place.

    Returns the number of the first cell, from 1, that holds bytes of neither; 0 where all are text.
    """
    for number, cell in enumerate(row, start=1):
        try:
            cell.encode()
        except UnicodeEncodeError:
            try:
                row[number - 1] = cell.encode(errors="surrogateescape").decode(encoding or "utf-8")
            except UnicodeError:
                return number
    return 0


def text_lines(file: Path, *, encoding: str = "") -> Iterator[tuple[int, str | MalformedRowError]]:
    """Lines of a text file with their numbers, without the line break.

    Args:
        file: as in `csv_rows`.
        encoding: what a line that is not UTF-8 is read as; empty: it is malformed.
    """
    with _text(file) as stream:
        for number, line in enumerate(stream, start=1):
            cells = [line]
            if not line.isascii() and _decode(cells, encoding):
                yield number, MalformedRowError(f"not {encoding or 'UTF-8'} text", column=str(_first_bad(line)))
            else:
                yield number, cells[0].rstrip("\r\n")


def _first_bad(line: str) -> int:
    """Number of the first character, from 1, that stands for bytes that are not UTF-8."""
    return next((number for number, letter in enumerate(line, start=1) if "\ud800" <= letter <= "\udfff"), 1)


def json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any] | MalformedRowError]]:
    """Objects of a JSON Lines file with their line numbers; blank lines are skipped."""
    with _text(file) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                line.encode()
                value = json.loads(line)
            except UnicodeEncodeError:
                yield number, MalformedRowError("not UTF-8 text")
            except json.JSONDecodeError as error:
                yield number, MalformedRowError(f"not JSON: {error.msg}", column=str(error.colno))
            except RecursionError:
                yield number, MalformedRowError("not JSON that can be read: nested too deeply")
            else:
                yield number, value if isinstance(value, dict) else MalformedRowError("not a JSON object")


def _text(file: Path) -> IO[str]:
    packed = file.suffix == ".gz"
    with gzip.open(file) if packed else file.open("rb") as start:
        encoding = utf16(start.read(_PEEKED))
    # surrogateescape keeps bytes that are not UTF-8 visible, so that one bad line does not end the reading.
    unit, errors = encoding or "utf-8-sig", "replace" if encoding else "surrogateescape"
    if packed:
        return gzip.open(file, "rt", encoding=unit, errors=errors, newline="")
    return file.open(encoding=unit, errors=errors, newline="")


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
