"""Whether a row with options answers with the one that its lineage calls right."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.columns import plain_text
from aig.shards.rules import Broken

__all__ = ["other_answers", "right_answers"]

_LETTERS = pa.array([f"({chr(ord('A') + place)}) " for place in range(26)])
_MARK = len("(A) ")
_THOUGHT = re.compile(r"<think>.*?</think>\s*", re.DOTALL)


def right_answers(batch: pa.RecordBatch | pa.Table) -> pa.Array:
    """The right option of each row with its letter, `(B) Dog`; null where a row has no options, or an index of none.

    Args:
        batch: rows of lineage, with or without the columns `choices` and `answer_index`.
    """
    if not {"choices", "answer_index"} <= set(batch.schema.names):
        return pa.nulls(batch.num_rows, pa.string())
    columns = (batch.column(name) for name in ("choices", "answer_index"))
    choices, index = (c.combine_chunks() if isinstance(c, pa.ChunkedArray) else c for c in columns)
    choices = choices.cast(pa.list_(pa.string()))
    count = pc.list_value_length(choices).fill_null(0)
    inside = pc.and_(pc.greater_equal(index, 0), pc.less(index, pc.min_element_wise(count, len(_LETTERS))))
    place = pc.if_else(inside.fill_null(False), index, None)
    starts = pa.array(np.frombuffer(choices.buffers()[1], np.int32)[choices.offset :][: len(choices)])
    right = choices.values.take(pc.add(starts, place))
    return pc.binary_join_element_wise(_LETTERS.take(place), right, "")


def other_answers(outputs: pa.Array | pa.ChunkedArray, right: pa.Array) -> Iterator[Broken]:
    """The rows whose answer is not the right option, with its letter or without, after whatever was thought.

    Args:
        outputs: of the rows.
        right: `right_answers` of the same rows.
    """
    if right.null_count == len(right):
        return
    answers = plain_text(outputs)
    same = pc.or_(pc.equal(answers, right), pc.equal(answers, pc.utf8_slice_codeunits(right, _MARK)))
    rows = np.flatnonzero(pc.invert(same).fill_null(False).to_numpy(zero_copy_only=False))
    wrong = [row for row in rows.tolist() if _answer(answers[row].as_py()) not in _said(right[row].as_py())]
    if wrong:
        yield Broken(
            "choices", np.array(wrong, np.int64), lambda row: f"the answer is not the right option, {right[row]}"
        )


def _answer(output: str) -> str:
    return _THOUGHT.sub("", output).removesuffix(".")


def _said(right: str) -> set[str]:
    return {text.removesuffix(".") for text in (right, right[_MARK:])}
