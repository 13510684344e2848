"""The identity of a question-answer pair: a hash of what it says and about which clip."""

from __future__ import annotations

import hashlib
import json
from json.encoder import encode_basestring_ascii
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from aig.core.columns import plain_text, text_bytes
from aig.core.records import QAPair

__all__ = ["IDENTITY", "QA_ID_LENGTH", "make_pair", "qa_id", "qa_ids"]

IDENTITY = ("instruction", "input", "audio_id", "dataset", "task", "output")
"""The columns that make a pair's identity, in the order in which they are hashed: the six published ones."""

QA_ID_LENGTH = 32
"""Characters of an id."""

_ESCAPED = r"[^ !#-\[\]-~]"
"""What JSON in ASCII does not write as it is."""


def qa_id(*, instruction: str, input: str, audio_id: str, dataset: str, task: str, output: str) -> str:
    """128-bit BLAKE2b over the six published columns, as 32 hexadecimal digits.

    The same row has the same id in every build, so that rows can be compared, joined and found across builds.
    """
    content = json.dumps([instruction, input, audio_id, dataset, task, output], ensure_ascii=True)
    return hashlib.blake2b(content.encode(), digest_size=16).hexdigest()


def make_pair(
    *, instruction: str, input: str, audio_id: str, dataset: str, task: str, output: str, **lineage: Any
) -> QAPair:
    """The row with its id; `lineage` are the remaining fields of `QAPair`."""
    row: dict[str, Any] = {
        "instruction": instruction,
        "input": input,
        "audio_id": audio_id,
        "dataset": dataset,
        "task": task,
        "output": output,
    }
    return QAPair(**row, qa_id=qa_id(**row), **lineage)


def qa_ids(rows: pa.Table | pa.RecordBatch) -> pa.Array:
    """`qa_id` of each row, about a microsecond a row.

    Args:
        rows: with the columns `IDENTITY`, text or dictionaries of text, valid UTF-8; a null counts as empty.
    """
    columns = [_escaped(plain_text(rows.column(name)).fill_null("")) for name in IDENTITY]
    joined = pc.binary_join_element_wise('["', pc.binary_join_element_wise(*columns, '", "'), '"]', "")
    blake2b = hashlib.blake2b
    return pa.array(
        [blake2b(content, digest_size=16).hexdigest() for content in joined.cast(pa.binary()).to_pylist()], pa.string()
    )


def _escaped(column: pa.Array) -> pa.Array:
    """The text between the quotes of its JSON form; only rows that need it are looked at."""
    content = text_bytes(column)
    if not ((content < 0x20) | (content > 0x7E) | (content == 0x22) | (content == 0x5C)).any():
        return column
    odd = pc.match_substring_regex(column, _ESCAPED)
    values = [encode_basestring_ascii(value)[1:-1] for value in column.filter(odd).to_pylist()]
    return pc.replace_with_mask(column, odd, pa.array(values, pa.string()))
