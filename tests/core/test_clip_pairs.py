"""Ids of two clips: read back as they were joined, one id or a column, whatever a clip is called."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.clip_pairs import clips_in, clips_of, clips_sql, distinct_clips, pair_id, readable

names = st.text(st.sampled_from("ab:/.é"), min_size=1, max_size=8)


@given(st.lists(st.tuples(names, names), max_size=5))
def test_what_is_joined_is_read_back(drawn):
    ids = []
    for one, other in drawn:
        first, second = f"d/{one}", f"d/{other}"
        try:
            ids.append(pair_id(first, second))
        except ValueError:
            # a colon at the seam, or a clip that is none: refused rather than read back as others
            assert first == second or clips_of(f"{first}::{second}") != (first, second)
            ids.append(first)
            continue
        assert clips_of(ids[-1]) == (first, second)
    one_of, other_of = clips_in(pa.array([*ids, None], pa.string()))
    others = pa.nulls(len(ids) + 1) if other_of is None else other_of
    named = list(zip(one_of.to_pylist(), others.to_pylist(), strict=True))[:-1]
    assert [tuple(clip for clip in clips if clip is not None) for clips in named] == [clips_of(each) for each in ids]
    assert set(distinct_clips(pa.array(ids, pa.string())).to_pylist()) == {c for each in ids for c in clips_of(each)}


@pytest.mark.parametrize(
    ("audio_id", "clips"),
    [
        ("d/a::d/b", ("d/a", "d/b")),
        ("d/a::b", ("d/a::b",)),
        ("d/a::b::d/c", ("d/a::b", "d/c")),
        ("d/a::e/b", ("d/a::e/b",)),
        ("d", ("d",)),
    ],
)
def test_the_separator_is_what_stands_before_the_dataset(audio_id: str, clips: tuple[str, ...]):
    assert clips_of(audio_id) == clips
    assert readable(audio_id) == (len(clips) == 1)
    with duckdb.connect() as db:
        db.execute("CREATE TABLE rows AS SELECT ? AS audio_id, 'd' AS dataset", [audio_id])
        found = db.execute(f"SELECT audio_id FROM {clips_sql('rows')} ORDER BY nth").fetchall()
    assert tuple(each for (each,) in found) == clips


def test_clips_of_two_datasets_or_one_twice_are_not_a_pair():
    for one, other in (("d/a", "e/a"), ("d/a", "d/a"), ("d/a::d/b", "d/c")):
        with pytest.raises(ValueError, match="not two clips of one dataset"):
            pair_id(one, other)
