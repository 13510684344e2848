"""Rows of a published set, or of a workspace that has not published yet, found by what they are.

A filter asks the index in memory; only the rows of the page are read from the Parquet files. Free text is looked for
in the files themselves, in their order, until the page is full or the time is up.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from aig.core.clip_pairs import clips_of
from aig.pipelines.views.browse.index import Combination, Index
from aig.pipelines.views.browse.sources import RowSource
from aig.shards.schema import DATA, LINEAGE

__all__ = ["SEARCH_S", "Filters", "Found", "Rows"]

Places = npt.NDArray[np.int64]

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

    def fits(self, row: Combination) -> bool:
        """Whether rows with these values are wanted."""
        return (
            self.dataset in ("", row.dataset)
            and self.task in ("", row.task)
            and self.prompt in ("", row.prompt)
            and self.answerable in ("", "yes" if row.answerable else "no")
        )


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


_NOT_SAID = dict.fromkeys(name for name in LINEAGE.names if LINEAGE.field(name).nullable)
"""Columns of lineage that a file leaves out where they say nothing of its rows."""


class Rows:
    """Finds rows in a source's files.

    Attributes:
        source: of the rows.
        index: of what they are filtered by.
    """

    def __init__(self, source: RowSource) -> None:
        self.source = source
        self.index = Index(source)
        self._database = source.root.database()

    def find(self, filters: Filters, start: int, size: int) -> Found:
        """The rows that fit, from place `start` of the set on, at most `size`, in the set's order.

        Raises:
            DataError: the files cannot be read.
        """
        total = self.index.rows
        if filters == Filters():
            end = min(start + size, total)
            return Found(self.read(range(start, end)), total, end if end < total else None)
        deadline = time.monotonic() + SEARCH_S
        whole = self.index.wait(SEARCH_S / 2)
        seen = self.index.indexed
        fitting = self.index.places(filters.fits, filters.clips)
        wanted = fitting[np.searchsorted(fitting, start) :]
        if filters.text or filters.pairs is not None:
            return self._searched(filters, wanted, start, size, deadline, seen)
        further = int(wanted[size]) if len(wanted) > size else None if whole else seen
        rows = self.read(wanted[:size].tolist())
        return Found(rows, len(fitting) if whole else None, further, seen / total)

    def _searched(self, filters: Filters, wanted: Places, start: int, size: int, deadline: float, seen: int) -> Found:
        """Looks into the files for text or pairs until the page is full or the time is up."""
        total = self.index.rows
        bounds = np.searchsorted(wanted, self.index.starts)
        numbers = [number for number in range(len(self.source.files)) if bounds[number] < bounds[number + 1]]
        places: list[int] = []
        with ThreadPoolExecutor(_READERS) as pool:
            for begin in range(0, len(numbers), _READERS):
                group = numbers[begin : begin + _READERS]
                if begin and time.monotonic() > deadline:
                    stopped = int(self.index.starts[group[0]])
                    return Found(self.read(places), None, stopped, stopped / total)
                for number, found in zip(group, pool.map(lambda n: self._matches(n, filters), group), strict=True):
                    here = wanted[bounds[number] : bounds[number + 1]]
                    places += np.intersect1d(found, here, assume_unique=True).tolist()
                if len(places) > size:
                    return Found(self.read(places[:size]), None, places[size], places[size] / total)
        whole = seen == total
        counted = len(places) if whole and start == 0 else None
        return Found(self.read(places), counted, None if whole else seen, seen / total)

    def _matches(self, number: int, filters: Filters) -> Places:
        """Places of a file's rows that have the text and are one of the pairs asked for."""
        found: list[Places] = []
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
        here: Places = np.sort(both) + self.index.starts[number]
        return here

    def read(self, places: Sequence[int]) -> list[dict[str, Any]]:
        """The rows at these places of the set, in the order given."""
        by_file: dict[int, list[int]] = {}
        for place in places:
            if not 0 <= place < self.index.rows:
                raise IndexError(place)
            number = int(np.searchsorted(self.index.starts, place, side="right")) - 1
            by_file.setdefault(number, []).append(place - int(self.index.starts[number]))
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
            {"place": int(self.index.starts[number]) + row.pop("file_row_number"), **_NOT_SAID, **row}
            for row in table.to_arrow_table().to_pylist()
        ]

    def of_clip(self, audio_id: str, most: int = 200) -> list[dict[str, Any]]:
        """The rows about a clip, alone or with another, or about the two that an id names, up to a limit."""
        self.index.wait(SEARCH_S)
        rows = self.read(self.index.of_clip(audio_id)[:most].tolist())
        return [row for row in rows if audio_id in (row["audio_id"], *clips_of(row["audio_id"]))]

    def of_clips(self, audio_ids: Sequence[str], prompts: Sequence[str], most: int = 2_000) -> list[dict[str, Any]]:
        """The rows about these clips of one of these prompts, up to a limit."""
        self.index.wait(SEARCH_S)
        clips = pa.table({"audio_id": pa.array(audio_ids, pa.string())})
        rows = self.read(self.index.places(lambda row: row.prompt in prompts, clips)[:most].tolist())
        return [row for row in rows if row["audio_id"] in audio_ids]

    def clips_of(self, first: str, second: str, start: int, size: int) -> list[str]:
        """Ids of clips with rows of two prompts, those with both before those with one, in the order of their rows."""
        self.index.wait(SEARCH_S)
        left, left_at = self.index.clips(self.index.places(lambda row: row.prompt == first))
        right, right_at = self.index.clips(self.index.places(lambda row: row.prompt == second))
        _, here, there = np.intersect1d(left, right, assume_unique=True, return_indices=True)
        both = np.sort(np.minimum(left_at[here], right_at[there]))
        alone = np.sort(np.concatenate([np.delete(left_at, here), np.delete(right_at, there)]))
        places = np.concatenate([both, alone])[start : start + size]
        return [row["audio_id"] for row in self.read(places.tolist())]

    def _scan(self, number: int, part: str) -> str:
        """SQL for a file's columns of one part, with `file_row_number`."""
        file = self.source.files[number]
        url = self.source.root.url(file.data if part == "data" else file.lineage).replace("'", "''")
        names = ", ".join(DATA.names) if part == "data" else "* EXCLUDE (file_row_number)"
        return f"(SELECT {names}, file_row_number FROM read_parquet('{url}', file_row_number = true))"  # noqa: S608
