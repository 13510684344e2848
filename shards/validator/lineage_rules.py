"""What the lineage of every published row must fulfil, checked a batch at a time."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aig.shards.rules import Broken, Rows, broken_text
from aig.shards.schema import LINEAGE

__all__ = ["broken_lineage"]


def broken_lineage(batch: pa.RecordBatch | pa.Table, opened: pa.Array | pa.Scalar) -> Iterator[Broken]:
    """The rules that lineage rows break.

    Args:
        batch: with the columns of `aig.shards.schema.LINEAGE`, valid UTF-8; text may be dictionaries.
        opened: whether each row, or all of them, is an open-ended question: those are a model's, the others a rule's.
    """
    columns = {name: _whole(batch.column(name)) for name in LINEAGE.names}
    for name, column in columns.items():
        if column.null_count:
            yield Broken("null", _rows(pc.is_null(column)), f"{name} is null")
        if pa.types.is_dictionary(column.type):
            yield from _repeating_text(name, column)
    source = columns["source"].cast(pa.string())
    by_model = pc.equal(source, "model")
    no_request = pc.equal(pc.binary_length(columns["request_id"]), 0)
    known = pc.is_in(source, pa.array(["rule", "model"]))
    for code, mask, message in (
        ("lineage_value", pc.equal(pc.binary_length(columns["qa_id"]), 0), "qa_id is empty"),
        ("lineage_value", pc.invert(known), "source is neither rule nor model"),
        ("lineage_value", pc.and_(by_model, no_request), "a model's answer without a request_id"),
        ("lineage", pc.and_(by_model, pc.invert(opened)), "a model's answer among those by rule"),
        ("lineage", pc.and_(pc.equal(source, "rule"), opened), "an answer by rule among a model's"),
    ):
        rows = _rows(mask)
        if len(rows):
            yield Broken(code, rows, message)


def _repeating_text(name: str, column: pa.DictionaryArray) -> Iterator[Broken]:
    """Each value is looked at once, however many rows have it."""
    for broken in broken_text(name, column.dictionary):
        for value in broken.rows.tolist():
            rows = _rows(pc.equal(column.indices, value))
            yield Broken(broken.code, rows, broken.say(value))


def _whole(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _rows(mask: pa.Array) -> Rows:
    return np.flatnonzero(mask.fill_null(False).to_numpy(zero_copy_only=False))
