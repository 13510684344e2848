"""Rows in the order of a seeded hash, without ever holding them all.

The order depends on the rows' identities and the seed alone. Rows come in as they come, are gathered into runs of
bounded size, and each run goes to a file of its own, parted by category and by the hash's top bits. Reading one part
from every run and sorting it gives the next stretch of the final order; memory holds a few runs or stretches.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.errors import DataError
from aig.core.hashing import row_keys
from aig.core.parallel import map_in_order

__all__ = ["Shuffle"]

RUN_BYTES = 64 << 20
STRETCH_BYTES = 64 << 20
PARTS = 128
"""Power of two: the number of stretches a category can be cut into."""


class Shuffle:
    """Takes rows of one schema, gives them back by category in the order of their keys.

    Args:
        folder: for the runs; the caller removes it.
        schema: of the rows; it has a column `qa_id`; columns that repeat a few values are best dictionaries.
        categories: what rows may belong to.
        seed: of the order.
        pool: threads to sort in.
    """

    def __init__(self, folder: Path, schema: pa.Schema, categories: tuple[str, ...], seed: int, pool: Executor) -> None:
        self._folder = folder
        self._pool = pool
        self._schema = schema
        self._categories = categories
        self._seed = seed
        self._pending: list[pa.RecordBatch] = []
        self._pending_of: list[npt.NDArray[np.uint8]] = []
        self._pending_bytes = 0
        self._runs: list[Future[npt.NDArray[np.int64]]] = []
        """Rows of each part, shape `(len(categories) * PARTS,)`, one per run."""

    def add(self, batch: pa.RecordBatch, category_of: npt.NDArray[np.uint8]) -> None:
        """Takes a batch; `category_of` holds each row's index into `categories`, shape `(rows,)`."""
        self._pending.append(batch)
        self._pending_of.append(category_of)
        self._pending_bytes += batch.nbytes
        if self._pending_bytes >= RUN_BYTES:
            self._spill()

    def rows(self, category: str) -> int:
        """Rows of a category taken so far."""
        self._spill()
        first = self._categories.index(category) * PARTS
        return int(sum(run.result()[first : first + PARTS].sum() for run in self._runs))

    def stretches(self, category: str) -> Iterator[pa.Table]:
        """The rows of a category in the order of their keys, in tables of bounded size.

        Raises:
            DataError: two rows have the same `qa_id`.
        """
        self._spill()
        yield from map_in_order(self._pool, self._in_order, self._parts(category), ahead=2)

    def _parts(self, category: str) -> Iterator[list[pa.RecordBatch]]:
        """The rows of a category, cut between keys into lists of bounded size, in the order of the lists alone."""
        first = self._categories.index(category) * PARTS
        runs = [run.result() for run in self._runs]
        readers = [pa.ipc.open_file(pa.OSFile(str(self._run(index)))) for index in range(len(self._runs))]
        batches: list[pa.RecordBatch] = []
        size = 0
        for part in range(first, first + PARTS):
            for reader, rows in zip(readers, runs, strict=True):
                if rows[part]:
                    batches.append(reader.get_batch(int(np.count_nonzero(rows[:part]))))
                    size += batches[-1].nbytes
            if batches and (size >= STRETCH_BYTES or part == first + PARTS - 1):
                yield batches
                batches, size = [], 0

    def _run(self, index: int) -> Path:
        return self._folder / f"run-{index:05d}.arrow"

    def _spill(self) -> None:
        if not self._pending:
            return
        if len(self._runs) > 1:
            self._runs[-2].result()
        path = self._run(len(self._runs))
        self._runs.append(self._pool.submit(self._write_run, path, self._pending, self._pending_of))
        self._pending, self._pending_of, self._pending_bytes = [], [], 0

    def _write_run(
        self, path: Path, batches: list[pa.RecordBatch], category_of: list[npt.NDArray[np.uint8]]
    ) -> npt.NDArray[np.int64]:
        table = pa.Table.from_batches(batches, self._schema).combine_chunks()
        part = np.concatenate(category_of).astype(np.int64) * PARTS
        part += (row_keys(table.column("qa_id"), self._seed) >> np.uint64(64 - PARTS.bit_length() + 1)).astype(np.int64)
        rows = np.bincount(part, minlength=len(self._categories) * PARTS)
        table = table.take(pa.array(np.argsort(part, kind="stable"))).combine_chunks()
        start = 0
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, self._schema) as writer:
            for count in rows[rows > 0]:
                writer.write_table(table.slice(start, count))
                start += count
        return rows

    def _in_order(self, batches: list[pa.RecordBatch]) -> pa.Table:
        table = pa.Table.from_batches(batches, self._schema).combine_chunks()
        keys = row_keys(table.column("qa_id"), self._seed)
        order = np.argsort(keys)
        ordered = keys[order]
        if (ordered[1:] == ordered[:-1]).any():
            _refuse_twins(table.column("qa_id"))
            by = pa.table({"key": pa.array(keys), "id": table.column("qa_id")})
            order = pc.sort_indices(by, sort_keys=[("key", "ascending"), ("id", "ascending")]).to_numpy()
        return table.take(pa.array(order)).combine_chunks()


def _refuse_twins(ids: pa.ChunkedArray) -> None:
    counts = pc.value_counts(ids)
    twins = counts.filter(pc.greater(counts.field("counts"), 1)).field("values")
    if len(twins):
        raise DataError(
            f"{len(twins)} qa_id occur more than once among the rows to publish; the first is {twins[0].as_py()!r}",
            "The pairs were generated twice or two pairs have the same content: remove the dataset's folder "
            "under qa/ in the workspace and generate it again.",
        )
