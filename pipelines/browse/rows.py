"""Rows of a published set, or of a workspace that has not published yet, found by what they are.

At the start the columns that are filtered by go into a small table in memory, about 30 bytes a row: file and row,
dataset, task, prompt, answerable, and a hash of the clip's id. A filter asks that table; only the rows of the page are
read from the Parquet files. Free text is looked for in the files themselves, in their order, until the page is full
or the time is up.
"""

from __future__ import annotations

import bisect
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from datasets_registry.errors import DataError
from pipelines.browse.sources import RowFile
from pipelines.workspace import Workspace
from shards.schema import DATA, LINEAGE

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["Filters", "Found", "Rows"]

_READERS = 2
"""Files searched at a time."""

SEARCH_S = 1.2
"""After this many seconds a search of the text shows what it has and offers to go on."""


@dataclass(frozen=True, slots=True)
class Filters:
    """What rows are wanted; what is empty does not matter.

    Attributes:
        dataset: name of a dataset.
        task: name of a task.
        prompt: name and version of a prompt or question bank.
        answerable: `yes` or `no`.
        text: in the question, the answer, the transcript or the clip's id, upper or lower case.
        clips: a table with the column `audio_id`, where a label or level was asked for.
        pairs: ids of pairs, where only marked ones were asked for.
    """

    dataset: str = ""
    task: str = ""
    prompt: str = ""
    answerable: str = ""
    text: str = ""
    clips: pa.Table | None = None
    pairs: Sequence[str] | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A page of rows.

    Attributes:
        rows: columns of data and lineage, and `place`: the row's number in the set, from 0.
        total: rows that fit the filters; `None` where they were not counted.
        next: place from which the following page, or the rest of the search, begins; `None` at the end.
        searched: share of the set that has been searched so far, 0 to 1; below 1 where the time was up.
    """

    rows: list[dict[str, Any]]
    total: int | None
    next: int | None
    searched: float = 1.0


@dataclass
class Rows:
    """Finds rows in a set's files.

    Attributes:
        files: of the set, in order.
        workspace: that can read them.
    """

    files: Sequence[RowFile]
    workspace: Workspace

    def __post_init__(self) -> None:
        self.total = sum(file.rows for file in self.files)
        self._starts = []
        start = 0
        for file in self.files:
            self._starts.append(start)
            start += file.rows
        self._database = self.workspace.database()
        self._ready = threading.Event()
        self._failure: Exception | None = None
        threading.Thread(target=self._index, name="aig-browse-index", daemon=True).start()

    def _index(self) -> None:
        """Fills the table of filter columns; what goes wrong is told to whoever asks for it."""
        try:
            database = self._database.cursor()
            database.execute(
                "CREATE TABLE rows_ (place UINTEGER, dataset VARCHAR, task VARCHAR, prompt VARCHAR, "
                "answerable BOOLEAN, clip UBIGINT)"
            )
            with ThreadPoolExecutor(_READERS) as pool:
                list(pool.map(self._index_file, range(len(self.files))))
        except Exception as error:  # noqa: BLE001 - raised again in the thread that asks
            self._failure = error
        finally:
            self._ready.set()

    def _index_file(self, number: int) -> None:
        self._database.cursor().execute(
            f"""
            INSERT INTO rows_ SELECT {self._starts[number]} + data.file_row_number, dataset, task, prompt, answerable,
                hash(audio_id)
            FROM {self._scan(number, "data")} AS data JOIN {self._scan(number, "lineage")} AS lineage
                ON data.file_row_number = lineage.file_row_number
            """  # noqa: S608 - addresses of our own, quoted
        )

    def _scan(self, number: int, part: str) -> str:
        """SQL for a file's columns of one part, with `file_row_number`."""
        file = self.files[number]
        url = self.workspace.url(file.data if part == "data" else file.lineage).replace("'", "''")
        names = ", ".join(DATA.names if part == "data" else LINEAGE.names)
        return f"(SELECT {names}, file_row_number FROM read_parquet('{url}', file_row_number = true))"  # noqa: S608

    def wait(self) -> None:
        """Returns when the filters can be used.

        Raises:
            DataError: the files cannot be read.
        """
        self._ready.wait()
        if self._failure is not None:
            raise DataError(f"the rows cannot be read: {self._failure}", "see `aig validate`") from self._failure

    def find(self, filters: Filters, start: int, size: int) -> Found:
        """The rows that fit, from place `start` of the set on, at most `size`, in the set's order."""
        if filters == Filters():
            end = min(start + size, self.total)
            return Found(self.read(range(start, end)), self.total, end if end < self.total else None)
        self.wait()
        database = self._database.cursor()
        if filters.clips is not None:
            database.register("asked", filters.clips)
        condition, values = _condition(filters)
        if filters.text or filters.pairs is not None:
            candidates = database.execute(
                f"SELECT place FROM rows_ WHERE {condition} AND place >= {start} ORDER BY place",  # noqa: S608
                values,
            )
            return self._searched(filters, candidates.to_arrow_table().column(0).to_numpy(), start, size)
        ((total,),) = database.execute(f"SELECT count(*) FROM rows_ WHERE {condition}", values).fetchall()  # noqa: S608
        found = database.execute(
            f"SELECT place FROM rows_ WHERE {condition} AND place >= {start} "  # noqa: S608
            f"ORDER BY place LIMIT {size + 1}",
            values,
        )
        places = [place for (place,) in found.fetchall()]
        return Found(self.read(places[:size]), total, places[size] if len(places) > size else None)

    def _searched(self, filters: Filters, wanted: npt.NDArray[np.uint32], start: int, size: int) -> Found:
        """Looks into the files for text or pairs until the page is full or the time is up."""
        import numpy as np

        deadline = time.monotonic() + SEARCH_S
        bounds = np.searchsorted(wanted, [*self._starts, self.total])
        numbers = [number for number in range(len(self.files)) if bounds[number] < bounds[number + 1]]
        places: list[int] = []
        with ThreadPoolExecutor(_READERS) as pool:
            for begin in range(0, len(numbers), _READERS):
                group = numbers[begin : begin + _READERS]
                if begin and time.monotonic() > deadline:
                    stopped = self._starts[group[0]]
                    return Found(self.read(places), None, stopped, stopped / self.total)
                for number, found in zip(group, pool.map(lambda n: self._matches(n, filters), group), strict=True):
                    here = wanted[bounds[number] : bounds[number + 1]]
                    places += np.intersect1d(found, here, assume_unique=True).tolist()
                if len(places) > size:
                    return Found(self.read(places[:size]), None, places[size], places[size] / self.total)
        return Found(self.read(places), len(places) if start == 0 else None, None)

    def _matches(self, number: int, filters: Filters) -> npt.NDArray[np.int64]:
        """Places of a file's rows that have the text and are one of the pairs asked for."""
        import numpy as np

        found: list[npt.NDArray[np.int64]] = []
        if filters.text:
            rows = self._database.cursor().execute(
                f"SELECT file_row_number FROM {self._scan(number, 'data')} WHERE "  # noqa: S608
                "contains(lower(concat_ws(chr(10), instruction, output, input, audio_id)), lower($text))",
                {"text": filters.text},
            )
            found.append(rows.to_arrow_table().column(0).to_numpy())
        if filters.pairs is not None:
            rows = self._database.cursor().execute(
                f"SELECT file_row_number FROM {self._scan(number, 'lineage')} "  # noqa: S608
                "WHERE qa_id IN (SELECT unnest($pairs::VARCHAR[]))",
                {"pairs": list(filters.pairs)},
            )
            found.append(rows.to_arrow_table().column(0).to_numpy())
        both = found[0] if len(found) == 1 else np.intersect1d(found[0], found[1], assume_unique=True)
        return np.sort(both) + self._starts[number]

    def read(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """The rows at these places of the set, in the order given."""
        by_file: dict[int, list[int]] = {}
        for place in places:
            if not 0 <= place < self.total:
                raise IndexError(place)
            number = bisect.bisect_right(self._starts, place) - 1
            by_file.setdefault(number, []).append(place - self._starts[number])
        with ThreadPoolExecutor(_READERS) as pool:
            tables = pool.map(lambda item: self._read_file(*item), by_file.items())
            found = {row["place"]: row for rows in tables for row in rows}
        return [found[place] for place in places]

    def _read_file(self, number: int, rows: Sequence[int]) -> list[dict[str, Any]]:
        inside = ", ".join(map(str, rows))
        table = self._database.cursor().execute(
            f"""
            SELECT data.*, lineage.* EXCLUDE (file_row_number) FROM
                (SELECT * FROM {self._scan(number, "data")} WHERE file_row_number IN ({inside})) AS data
            JOIN (SELECT * FROM {self._scan(number, "lineage")} WHERE file_row_number IN ({inside})) AS lineage
                ON data.file_row_number = lineage.file_row_number
            """  # noqa: S608 - numbers
        )
        return [
            {"place": self._starts[number] + row.pop("file_row_number"), **row}
            for row in table.to_arrow_table().to_pylist()
        ]

    def of_clip(self, audio_id: str, most: int = 200) -> list[dict[str, Any]]:
        """The rows about a clip, at most so many."""
        self.wait()
        places = self._database.cursor().execute(
            "SELECT place FROM rows_ WHERE clip = hash($audio_id) ORDER BY place LIMIT $most",
            {"audio_id": audio_id, "most": most},
        )
        rows = self.read([place for (place,) in places.fetchall()])
        return [row for row in rows if row["audio_id"] == audio_id]

    def clips_of(self, first: str, second: str, start: int, size: int) -> list[str]:
        """Ids of clips with rows of two prompts, those with both before those with one, in the order of their rows."""
        self.wait()
        rows = self._database.cursor().execute(
            "SELECT min(place) FROM rows_ WHERE prompt IN ($first, $second) GROUP BY clip "
            "ORDER BY count(DISTINCT prompt) DESC, 1 LIMIT $size OFFSET $start",
            {"first": first, "second": second, "size": size, "start": start},
        )
        return [row["audio_id"] for row in self.read([place for (place,) in rows.fetchall()])]


def _condition(filters: Filters) -> tuple[str, dict[str, Any]]:
    """SQL over the table of filter columns, and its values."""
    parts, values = ["true"], {}
    for name in ("dataset", "task", "prompt"):
        if value := getattr(filters, name):
            parts.append(f"{name} = ${name}")
            values[name] = value
    if filters.answerable:
        parts.append("answerable" if filters.answerable == "yes" else "NOT answerable")
    if filters.clips is not None:
        parts.append("clip IN (SELECT hash(audio_id) FROM asked)")
    return " AND ".join(parts), values
