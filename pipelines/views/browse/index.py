"""What each row of a set is filtered by, in memory at ten bytes a row: a number for what it shares, its clip's hash.

Rows share few combinations of dataset, task, prompt and answerable, so each combination has a number, and a filter
picks numbers. The index grows from the first file on while it is already asked; how far it has got is `indexed`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.clip_pairs import clips_in
from aig.core.errors import DataError
from aig.core.storage import open_file
from aig.pipelines.views.browse.sources import RowSource

if TYPE_CHECKING:
    import duckdb

__all__ = ["Combination", "Index"]

Places = npt.NDArray[np.int64]

_READERS = 2
_LOW = np.uint64(2**24 - 1)


class Combination(NamedTuple):
    """Values that many rows share."""

    dataset: str
    task: str
    prompt: str
    answerable: bool


class Index:
    """The filter columns of a source's rows; made in threads of its own from the moment it is created.

    Attributes:
        source: of the rows.
        starts: place of each file's first row, and at the end how many rows there are.
    """

    def __init__(self, source: RowSource) -> None:
        self.source = source
        self.starts = np.concatenate([[0], np.cumsum([file.rows for file in source.files])]).astype(np.int64)
        self._code = np.zeros(self.starts[-1], np.uint16)
        self._clip = np.zeros(self.starts[-1], np.uint64)
        nothing = np.empty(0, np.int64), np.empty(0, np.uint64)
        self._named = [nothing for _ in source.files]  # of each file's rows about two clips: place, and hash of either
        self._codes: dict[Combination, int] = {}
        self._files_done = 0
        self._change = threading.Condition()
        self._failure: Exception | None = None
        threading.Thread(target=self._fill, name="aig-browse-index", daemon=True).start()

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.starts[-1])

    @property
    def indexed(self) -> int:
        """How many rows, from the first on, can be asked for."""
        return int(self.starts[self._files_done])

    def wait(self, seconds: float | None = None) -> bool:
        """Waits until all rows are in the index; whether they are.

        Raises:
            DataError: a file cannot be read.
        """
        with self._change:
            self._change.wait_for(lambda: self.indexed == self.rows or self._failure is not None, seconds)
        if self._failure is not None:
            raise DataError(f"the rows cannot be read: {self._failure}", "See `aig validate`.") from self._failure
        return self.indexed == self.rows

    def places(self, fits: Callable[[Combination], bool], clips: pa.Table | None = None) -> Places:
        """Places of the rows indexed so far whose combination fits and whose clip is one of those; rising.

        Args:
            fits: asked once for each combination.
            clips: table with the column `audio_id`; `None`: any clip.
        """
        end = self.indexed
        chosen = np.zeros(2**16, bool)
        for combination, code in list(self._codes.items()):
            chosen[code] = fits(combination)
        mask = chosen[self._code[:end]]
        if clips is None:
            return np.flatnonzero(mask)
        wanted = _hashes(clips.column("audio_id"))
        low = np.zeros(int(_LOW) + 1, bool)  # most rows are told apart by the low bits of the hash, without sorting
        low[wanted & _LOW] = True
        of_one = mask & low[self._clip[:end] & _LOW]
        found = np.flatnonzero(of_one)
        found = found[np.isin(self._clip[found], wanted)]
        places, either = self._pairs()
        return np.union1d(found, places[np.isin(either, wanted) & mask[places]])

    def of_clip(self, audio_id: str) -> Places:
        """Places of the rows indexed so far about a clip, by the hash of its id, alone or with another; rising."""
        wanted = _hashes(pa.chunked_array([[audio_id]]))[0]
        places, either = self._pairs()
        return np.union1d(np.flatnonzero(self._clip[: self.indexed] == wanted), places[either == wanted])

    def _pairs(self) -> tuple[Places, npt.NDArray[np.uint64]]:
        """Places of the indexed rows about two clips, each twice, and the hash of the one and of the other."""
        places, hashes = zip(*self._named[: self._files_done], strict=True) if self._files_done else ((), ())
        return np.concatenate([np.empty(0, np.int64), *places]), np.concatenate([np.empty(0, np.uint64), *hashes])

    def clips(self, places: Places) -> tuple[npt.NDArray[np.uint64], Places]:
        """The clips of these rows, by their hashes, rising, each with the place of its first row."""
        clips, first = np.unique(self._clip[places], return_index=True)
        return clips, places[first]

    def _fill(self) -> None:
        """Reads all files; what goes wrong is told to whoever waits."""
        try:
            with ThreadPoolExecutor(_READERS) as pool:
                for _ in pool.map(self._fill_file, range(len(self.source.files))):
                    with self._change:
                        self._files_done += 1
                        self._change.notify_all()
        except Exception as error:  # noqa: BLE001 - raised again in the thread that waits
            with self._change:
                self._failure = error
                self._change.notify_all()

    def _fill_file(self, number: int) -> None:
        file = self.source.files[number]
        data = self._read(file.data, ["dataset", "task"], "audio_id")
        lineage = self._read(file.lineage, ["prompt"], "answerable")
        here = slice(int(self.starts[number]), int(self.starts[number + 1]))
        columns = [data.column("dataset"), data.column("task"), lineage.column("prompt")]
        indices = [_indices(column) for column in columns]
        answerable = lineage.column("answerable").to_numpy()
        packed = indices[0][0].astype(np.int64)
        for values, names in indices[1:]:
            packed = packed * len(names) + values
        packed = packed * 2 + answerable
        found, inverse = np.unique(packed, return_inverse=True)
        names_of = [names for _, names in indices]
        codes = np.array([self._number(_unpacked(value, names_of)) for value in found.tolist()], np.uint16)
        self._code[here] = codes[inverse]
        self._clip[here] = _hashes(data.column("audio_id"))
        first, second = clips_in(data.column("audio_id"))
        if second is not None:
            rows = np.flatnonzero(second.is_valid().to_numpy(zero_copy_only=False))
            either = [_hashes(pa.chunked_array([clips.take(pa.array(rows))])) for clips in (first, second)]
            self._named[number] = (np.tile(rows + here.start, 2), np.concatenate(either))

    def _number(self, combination: Combination) -> int:
        with self._change:
            code = self._codes.setdefault(combination, len(self._codes))
        if code >= 2**16:
            raise DataError("more than 65,536 combinations of dataset, task and prompt", "Browse a part of the set.")
        return code

    def _read(self, path: str, shared: list[str], other: str) -> pa.Table:
        with open_file(self.source.root.url(path)) as stream:
            return pq.ParquetFile(stream, read_dictionary=shared).read(columns=[*shared, other])


def _indices(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], list[str]]:
    """A column of dictionary chunks as indices into one list of values."""
    whole = column.unify_dictionaries().combine_chunks()
    return whole.indices.to_numpy(), whole.dictionary.to_pylist()


def _unpacked(value: int, names: Sequence[Sequence[str]]) -> Combination:
    value, answerable = divmod(value, 2)
    found = []
    for options in reversed(names):
        value, index = divmod(value, len(options))
        found.append(options[index])
    prompt, task, dataset = found
    return Combination(dataset, task, prompt, bool(answerable))


def _hashes(audio_ids: pa.ChunkedArray) -> npt.NDArray[np.uint64]:
    """A 64-bit hash of each id, in order; two ids with the same one are told apart when their rows are read."""
    import duckdb

    database: duckdb.DuckDBPyConnection = duckdb.connect(config={"threads": 1})
    with database:
        database.register("ids", pa.table({"audio_id": audio_ids}))
        table = database.execute("SELECT hash(audio_id) AS h FROM ids").to_arrow_table()
    hashes: npt.NDArray[np.uint64] = table.column("h").to_numpy()
    return hashes
