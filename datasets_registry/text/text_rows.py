"""Reads text files row by row, so that a bad row is one bad row, with its line, and never the end of the reading."""

from __future__ import annotations

import csv
import json
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.core.records import Quarantined
from aig.datasets_registry.text.text_files import TextLines, open_text

__all__ = ["MalformedRowError", "csv_rows", "json_lines", "json_object", "quarantined", "text_lines"]


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
        file: UTF-8 or UTF-16 text, packed with gzip or not.
        delimiter: one character.
        skipinitialspace: whether blanks behind a delimiter are no part of the cell.
        multiline: whether a quoted cell may hold line breaks.
        quoted: whether `"` quotes at all.
        encoding: what a cell that is not UTF-8 is read as, such as `cp1252`; empty: its row is malformed.
    """
    with open_text(file) as lines:
        feed, width = _Feed(lines), 0
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
                yield from _damage(lines, feed.number)
                return
            except csv.Error as error:
                yield feed.number, feed.retreat(MalformedRowError(str(error)))
                continue
            if not row:
                continue
            width = width or len(row)
            if len(feed.taken) > 1 and not (multiline and len(row) == width and _is_closed(feed.taken, reader.dialect)):
                yield feed.number, feed.retreat(MalformedRowError("a quote that is not closed on its line"))
            elif not all(map(str.isascii, feed.taken)) and (bad := _decode(row, encoding)):
                yield feed.number, MalformedRowError(f"not {encoding or 'UTF-8'} text", column=str(bad))
            else:
                yield feed.number, row


def _is_closed(lines: list[str], dialect: Any) -> bool:
    """Whether the quotes of a row are closed where a cell ends; else it swallowed rows up to a quote of theirs."""
    try:
        next(csv.reader(lines, dialect, strict=True))
    except csv.Error:
        return False
    return True


class _Feed:
    """Lines for a `csv.reader`, which remembers those of the present row and can take them up again."""

    def __init__(self, lines: TextLines) -> None:
        self._lines = lines
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
        line = self._again.popleft() if self._again else next(self._lines)
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
    number = 0
    with open_text(file) as lines:
        for number, line in enumerate(lines, start=1):
            cells = [line]
            if not line.isascii() and _decode(cells, encoding):
                yield number, MalformedRowError(f"not {encoding or 'UTF-8'} text", column=str(_first_bad(line)))
            else:
                yield number, cells[0].rstrip("\r\n")
        yield from _damage(lines, number + 1)


def _first_bad(line: str) -> int:
    """Number of the first character, from 1, that stands for bytes that are not UTF-8."""
    return next((number for number, letter in enumerate(line, start=1) if "\ud800" <= letter <= "\udfff"), 1)


def json_lines(file: Path) -> Iterator[tuple[int, dict[str, Any] | MalformedRowError]]:
    """Objects of a JSON Lines file with their line numbers; blank lines are skipped."""
    number = 0
    with open_text(file) as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                try:
                    yield number, json_object(line)
                except MalformedRowError as error:
                    yield number, error
        yield from _damage(lines, number + 1)


def json_object(text: str) -> dict[str, Any]:
    """The object that a text holds as JSON.

    Raises:
        MalformedRowError: it is not one, or holds text that no encoding can write, such as half a surrogate pair.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MalformedRowError("not UTF-8 text") from None
    try:
        value = json.loads(text, object_pairs_hook=_once)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except MalformedRowError:
        raise
    except json.JSONDecodeError as error:
        raise MalformedRowError(f"not JSON: {error.msg}", column=str(error.colno)) from None
    except UnicodeEncodeError:
        raise MalformedRowError("half of a surrogate pair, as a character cut in its middle leaves it") from None
    except RecursionError:
        raise MalformedRowError("not JSON that can be read: nested too deeply") from None
    except ValueError as error:
        raise MalformedRowError(f"not JSON that can be read: {error}") from None
    if not isinstance(value, dict):
        raise MalformedRowError("not a JSON object")
    return value


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of which each key comes once; Python would keep the last of several without a word."""
    item = dict(pairs)
    if len(item) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise MalformedRowError(f"the key {twice!a} comes twice", column=ascii(twice)[1:-1])
    return item


def _damage(lines: TextLines, number: int) -> Iterator[tuple[int, MalformedRowError]]:
    """What ended a file early, as its last row."""
    if lines.damage:
        error = MalformedRowError(
            f"{lines.damage}; what comes before was read", code="malformed_file", advice="Download or write it again."
        )
        yield number, error
