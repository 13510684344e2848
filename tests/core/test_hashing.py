"""Hashes that are the same everywhere, and the set of them."""

from __future__ import annotations

import duckdb
import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.hashing import HashSet, row_keys, stable_hash, stable_hash_sql


def test_a_hash_never_changes() -> None:
    assert stable_hash("libritts/84_121123_000007_000001") == 2701889062499635364
    assert row_keys(pa.array(["libritts/84_121123_000007_000001"]), 0).tolist() == [15248969833235894477]


@settings(deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
def test_python_and_sql_agree(text: str) -> None:
    assert duckdb.execute(f"SELECT {stable_hash_sql('$text')}", {"text": text}).fetchone() == (stable_hash(text),)


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 40), max_size=30), max_size=8))
def test_a_hash_set_is_a_set(batches: list[list[int]]) -> None:
    hashes, known = HashSet(), set[int]()
    for batch in batches:
        keys = np.array(batch, np.uint64)
        assert hashes.contains(keys).tolist() == [key in known for key in batch]
        fresh = []
        for key in batch:
            fresh.append(key not in known)
            known.add(key)
        assert hashes.add(keys).tolist() == fresh
        assert len(hashes) == len(known)
