"""From the rows of an owners' file to records: a bad row is set aside with its place, a file of another form stops."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from aig.core.errors import UsageError
from aig.core.records import Quarantined
from aig.datasets_registry.text.file_kind import describe
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, quarantined

__all__ = ["Tally", "collect", "parse_items", "parse_rows"]

Item = TypeVar("Item")
Parsed = TypeVar("Parsed")
Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_SURE = 20
"""More refused rows than this, if most of the file so far, are not an accident."""

_EARLY = 1000
"""More refused rows than this, if most of those so far, stop before the file's end."""


def parse_rows(
    file: Path,
    dataset: str,
    parse: Callable[[list[str]], Parsed | None],
    *,
    columns: int | Sequence[str],
    delimiter: str = ",",
    skipinitialspace: bool = False,
    multiline: bool = False,
    torn: bool = False,
    quoted: bool = True,
    encoding: str = "",
) -> Iterator[Parsed | Quarantined]:
    """What `parse` makes of each row of a delimited file, in order; a bad row becomes a `Quarantined` with its place.

    Args:
        file: the owners' file.
        dataset: the dataset's name, for the quarantine.
        parse: turns the cells of a row into a record, or into `None` for a row to leave out. Raises
            `MalformedRowError` for a row that cannot be used.
        columns: how many cells a row has; or the names of the columns wanted, which `parse` gets in this order. The
            first row then is the header, which may have them in any order and among others, whatever their case; where
            it holds none of the names and `parse` takes it, the file has no header and exactly these columns.
        delimiter: one character.
        skipinitialspace: whether blanks behind a delimiter are no part of the cell.
        multiline: whether a quoted cell may hold line breaks.
        torn: whether the last cell is a text that may hold line breaks without quotes: a row of one cell then goes on
            with the text of the row before.
        quoted: whether `"` quotes at all.
        encoding: what cells that are not UTF-8 are read as; empty: they are malformed.

    Raises:
        UsageError: the header has other columns, or most rows were refused: the file is not what it should be.
    """
    rows = csv_rows(
        file,
        delimiter=delimiter,
        skipinitialspace=skipinitialspace,
        multiline=multiline,
        quoted=quoted,
        encoding=encoding,
    )
    cells = _fixed(parse, columns) if isinstance(columns, int) else _Header(file, columns, parse)
    return parse_items(file, dataset, _mended(rows) if torn else rows, cells)


def parse_items(
    file: Path,
    dataset: str,
    items: Iterable[tuple[int, Item | MalformedRowError]],
    parse: Callable[[Item], Parsed | None],
    *,
    one_of_many: bool = False,
) -> Iterator[Parsed | Quarantined]:
    """What `parse` makes of each numbered item of a file, as `parse_rows` does of rows.

    Args:
        file: the owners' file.
        dataset: the dataset's name, for the quarantine.
        items: of the file, each with its line.
        parse: as in `parse_rows`.
        one_of_many: whether the dataset has a file of this kind for each recording, so that a bad one is set aside and
            the others are read.

    Raises:
        UsageError: most items were refused, or the file does not hold what is wanted of it at all.
    """
    tally = Tally(dataset)
    for line, item in items:
        try:
            if isinstance(item, MalformedRowError):
                raise item
            parsed = parse(item)
        except MalformedRowError as error:
            if error.code == "malformed_file" and not one_of_many:
                tally.refused += 1
                raise tally.another_form(file, error) from None
            yield quarantined(dataset, file, line, error)
            if not one_of_many:
                tally.refuse(file, error)
        else:
            tally.read += 1
            if parsed is not None:
                yield parsed
    tally.finish(3)


class Tally:
    """Counts rows that were read and refused, and stops where most of a file are refused: it is another file then."""

    def __init__(self, dataset: str, advice: str = "") -> None:
        """Begins to count.

        Args:
            dataset: the dataset's name.
            advice: what to do about such a file; empty: to take the owners'.
        """
        self.read = self.refused = 0
        self._dataset = dataset
        self._advice = advice or (
            f"Take the owners' file as it is, whole and unpacked; `aig datasets {dataset}` says where it comes from. "
            "If the owners changed its form, remove the file or report it."
        )
        self._last: tuple[Path, MalformedRowError] | None = None

    def refuse(self, file: Path, error: MalformedRowError) -> None:
        """Counts a refused row.

        Raises:
            UsageError: they are too many by now.
        """
        self.refused += 1
        self._last = file, error
        if self.refused > self.read and self.refused >= _EARLY:
            raise self.another_form(file, error)

    def finish(self, none_of: int = _SURE) -> None:
        """At the file's end.

        Args:
            none_of: how many rows are enough for a file of which none was read.

        Raises:
            UsageError: most rows were refused.
        """
        enough = _SURE if self.read else none_of
        if self._last is not None and self.refused > self.read and self.refused >= enough:
            raise self.another_form(*self._last)

    def another_form(self, file: Path, error: MalformedRowError) -> UsageError:
        """The error of a file of another form, because of the last row that was refused."""
        column = f"column {error.column}: " if error.column else ""
        return UsageError(
            f"{self._dataset}: {self.refused:,} of {self.refused + self.read:,} rows of {file} cannot be read, the "
            f"last one because of {column}{error.message}; the file is {describe(file)}",
            error.advice or self._advice,
        )


def collect(rows: Iterable[tuple[Key, Value] | Quarantined], into: dict[Key, Value]) -> Iterator[Quarantined]:
    """Puts pairs of key and value into a dictionary and passes on what was refused."""
    for row in rows:
        if isinstance(row, Quarantined):
            yield row
        else:
            into[row[0]] = row[1]


def _mended(rows: Iterable[tuple[int, list[str] | MalformedRowError]]) -> Iterator[tuple[int, Any]]:
    """Rows with the torn rest of their last cell. What continues a malformed row is left for the reader to refuse.

    A single word may be the rest of a text or the beginning of a row that was cut off: the row before is refused too.
    """
    before: tuple[int, Any] | None = None
    width = 0
    for number, row in rows:
        whole = before is not None and isinstance(before[1], list) and width == len(before[1])
        if isinstance(row, list) and len(row) == 1 < width and whole and before is not None:
            if len(row[0].split()) > 1:
                before = (before[0], [*before[1][:-1], f"{before[1][-1].rstrip()} {row[0].strip()}"])
                continue
            before = (before[0], MalformedRowError("its text may go on in the next line", column=str(width)))
        if before is not None:
            yield before
        before = (number, row)
        width = width or (len(row) if isinstance(row, list) else 0)
    if before is not None:
        yield before


def _fixed(parse: Callable[[list[str]], Parsed | None], columns: int) -> Callable[[list[str]], Parsed | None]:
    def cells(row: list[str]) -> Parsed | None:
        if len(row) != columns:
            raise MalformedRowError(f"{len(row)} cells instead of {columns}", column=str(len(row)))
        return parse(row)

    return cells


class _Header(Generic[Parsed]):
    """Finds columns by the names in a file's first row; called with each row, it gives `parse` the wanted cells."""

    def __init__(self, file: Path, columns: Sequence[str], parse: Callable[[list[str]], Parsed | None]) -> None:
        self._file = file
        self._columns = columns
        self._parse = parse
        self._places: list[int] | None = None
        self._width = 0

    def __call__(self, row: list[str]) -> Parsed | None:
        if self._places is None:
            return self._first(row)
        if len(row) != self._width:
            raise MalformedRowError(f"{len(row)} cells instead of {self._width}", column=str(len(row)))
        return self._parse([row[place] for place in self._places])

    def _first(self, row: list[str]) -> Parsed | None:
        names = [name.strip().casefold() for name in row]
        places = [_place(name.casefold(), at, names) for at, name in enumerate(self._columns)]
        missing = [name for name, place in zip(self._columns, places, strict=True) if place is None]
        self._width = len(row)
        if not missing:
            self._places = [place for place in places if place is not None]
            return None
        if len(missing) == len(self._columns) == len(row):
            try:
                parsed = self._parse(row)
            except MalformedRowError:
                pass
            else:
                self._places = list(range(len(row)))
                return parsed
        raise UsageError(
            f"{self._file}, line 1: no column {', '.join(missing)}; the file is {describe(self._file)}",
            f"Take the owners' file as it is; its columns are {', '.join(self._columns)}.",
        )


def _place(wanted: str, at: int, names: list[str]) -> int | None:
    """Where a column is: by its name, or where it is expected by the beginning of its name, as in `start`."""
    if wanted in names:
        return names.index(wanted)
    return at if at < len(names) and names[at] and wanted.startswith(names[at]) else None
