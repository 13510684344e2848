"""Groups stay together, are drawn in the asked shares, and stay where they are when clips are added."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.shards.splits import Groups, group_clips, owners_split

SCHEMA = pa.schema([(name, pa.string()) for name in ("audio_id", "split", "speaker", "source", "recording")])
NAMES = st.none() | st.sampled_from("abcdef")
CLIPS = st.lists(st.fixed_dictionaries({"speaker": NAMES, "source": NAMES, "recording": NAMES}), max_size=25)


def grouped(clips: list[dict[str, Any]], seed: int = 0, validation: float = 0.3, test: float = 0.3) -> Groups:
    rows = [{"audio_id": f"d/{index}", "split": "train", **clip} for index, clip in enumerate(clips)]
    batches = pa.Table.from_pylist(rows, SCHEMA).to_batches(max_chunksize=7)
    return group_clips(batches, seed=seed, validation=validation, test=test)


def ids(count: int) -> pa.Array:
    return pa.array([f"d/{index}" for index in range(count)], pa.string())


@settings(deadline=None)
@given(CLIPS, st.integers(0, 5))
def test_clips_that_share_anything_are_in_one_group_and_on_one_side(clips: list[dict[str, Any]], seed: int) -> None:
    found = grouped(clips, seed)
    groups, sides = found.group_of(ids(len(clips))).to_pylist(), found.split_of(ids(len(clips))).to_pylist()
    for one, first in enumerate(clips):
        for other, second in enumerate(clips[:one]):
            if any(first[kind] is not None and first[kind] == second[kind] for kind in first):
                assert groups[one] == groups[other]
                assert sides[one] == sides[other]
            linked = groups[one] == groups[other]
            assert not linked or any(first[kind] is not None for kind in first)


@settings(deadline=None)
@given(CLIPS, CLIPS)
def test_a_group_stays_where_it_is_when_clips_are_added(
    clips: list[dict[str, Any]], more: list[dict[str, Any]]
) -> None:
    others = [{kind: value and value.upper() for kind, value in clip.items()} for clip in more]
    before, after = grouped(clips), grouped([*clips, *others])
    assert before.split_of(ids(len(clips))) == after.split_of(ids(len(clips)))
    same = [{"speaker": "s", "source": f"{index}", "recording": None} for index in range(3)]
    assert len(set(grouped(same).split_of(ids(3)).to_pylist() + grouped(same * 5).split_of(ids(3)).to_pylist())) == 1


def test_the_shares_are_those_asked_for() -> None:
    clips = [{"speaker": str(index // 3)} for index in range(60_000)]
    sides = grouped(clips, validation=0.05, test=0.1).split_of(ids(60_000)).to_pylist()
    assert sides.count("validation") / 60_000 == pytest.approx(0.05, abs=0.005)
    assert sides.count("test") / 60_000 == pytest.approx(0.1, abs=0.007)
    again = grouped(clips, validation=0.05, test=0.1, seed=1).split_of(ids(60_000)).to_pylist()
    assert again != sides


def test_what_the_owners_test_on_takes_its_group_along() -> None:
    clips = [
        {"speaker": "a"},
        {"speaker": "a", "source": "youtube:x", "split": "validation"},
        {"source": "youtube:x", "split": "test"},
        {"speaker": "b", "split": "validation"},
        {"speaker": "b"},
        {"speaker": "c"},
    ]
    sides = grouped(clips, validation=0, test=0).split_of(ids(6)).to_pylist()
    assert sides == ["test", "test", "test", "validation", "validation", "train"]


@pytest.mark.parametrize(
    ("name", "train", "split"),
    [
        ("dev", ("dev",), "train"),
        ("dev", ("train", "dev"), "train"),
        ("dev", ("train",), "validation"),
        ("eval", ("train",), "test"),
        ("overlap", ("train",), "test"),
        ("Test", (), "test"),
        ("valid", (), "validation"),
        ("monday", (), "train"),
    ],
)
def test_owners_names_of_splits(name: str, train: tuple[str, ...], split: str) -> None:
    assert owners_split(name, train) == split


def test_no_clips_at_all() -> None:
    none = grouped([])
    assert none.split_of(ids(2)).to_pylist() == ["train", "train"]
    assert len(set(none.group_of(ids(2)).to_pylist())) == 2
