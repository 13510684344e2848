"""A column of rows gets the ids that its rows would get one by one."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.qa_id import IDENTITY, make_pair, qa_id, qa_ids

ROWS = st.lists(st.fixed_dictionaries(dict.fromkeys(IDENTITY, st.text())), max_size=20)


@settings(deadline=None)
@given(ROWS, st.integers(0, 5))
def test_ids_of_columns_are_those_of_rows(rows: list[dict[str, str]], start: int) -> None:
    table = pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in IDENTITY])).slice(start)
    assert qa_ids(table).to_pylist() == [qa_id(**row) for row in rows[start:]]


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string())])
def test_the_form_of_a_column_does_not_matter(kind: pa.DataType) -> None:
    row = dict(zip(IDENTITY, ('"quoted"', "", "a/é", "a", "ASR", "line\nbreak \\ 🎧"), strict=True))
    table = pa.table({name: pa.array([value]).cast(kind) for name, value in row.items()})
    assert qa_ids(table).to_pylist() == [qa_id(**row)]


def test_an_id_is_of_the_row_alone() -> None:
    row = dict(zip(IDENTITY, "abcdef", strict=True))
    pair = make_pair(**row, prompt="p@1", prompt_sha256="0", seed=5)
    assert pair.qa_id == qa_id(**row) == make_pair(**row, prompt="q@1", prompt_sha256="1").qa_id
    assert pair.qa_id != qa_id(**{**row, "instruction": "a ", "input": "b"})
