"""Text columns of Arrow tables as checks and hashes want them: one plain array, or its raw bytes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

__all__ = ["plain_text", "text_bytes"]


def plain_text(column: pa.ChunkedArray | pa.Array) -> pa.Array:
    """A column of text in any of Arrow's forms (dictionary, large, view, chunks) as one `string` array."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if pa.types.is_dictionary(whole.type):
        whole = whole.dictionary_decode()
    return whole if whole.type == pa.string() else whole.cast(pa.string())


def text_bytes(column: pa.Array) -> npt.NDArray[np.uint8]:
    """The bytes of all values of a `string` array, end to end, without a copy."""
    if len(column) == 0 or column.buffers()[2] is None:
        return np.empty(0, np.uint8)
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    return np.frombuffer(column.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
