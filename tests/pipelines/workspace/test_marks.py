from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.core.errors import DataError, UsageError
from aig.pipelines.workspace.marks import Mark, Marks, bad_pairs, read_marks

A, B = "a" * 32, "b" * 32
mark_values = st.builds(
    Mark,
    qa_id=st.sampled_from([A, B, "c" * 32]),
    mark=st.sampled_from(["good", "bad", "none"]),
    note=st.text(max_size=40).map(lambda text: text.encode("utf-8", "ignore").decode()),
)


@settings(max_examples=30, deadline=None)  # each mark waits for the disk
@given(st.lists(mark_values, max_size=8))
def test_what_is_written_is_what_is_read(tmp_path_factory: pytest.TempPathFactory, said: list[Mark]) -> None:
    file = tmp_path_factory.mktemp("marks") / "marks.jsonl"
    marks = Marks(file)
    for mark in said:
        marks.add(mark)
    last = {mark.qa_id: mark for mark in said}
    expected = {qa_id: mark for qa_id, mark in last.items() if mark.mark != "none"}
    assert marks.by_id == expected
    if said:
        assert read_marks(file) == expected
        assert Marks(file).by_id == expected
        assert bad_pairs(file) == {qa_id for qa_id, mark in expected.items() if mark.mark == "bad"}


def test_a_line_torn_by_a_kill_is_passed_over_and_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "marks.jsonl"
    Marks(file).add(Mark(qa_id=A, mark="bad"))
    whole = file.read_bytes()
    file.write_bytes(whole + whole[:40])
    assert bad_pairs(file) == {A}
    Marks(file).add(Mark(qa_id=B, mark="good"))
    assert set(read_marks(file)) == {A, B}
    assert len(file.read_text().splitlines()) == 2


def test_a_last_line_without_a_line_end_counts(tmp_path: Path) -> None:
    file = tmp_path / "marks.jsonl"
    file.write_text(json.dumps({"qa_id": A, "mark": "bad"}))
    assert bad_pairs(file) == {A}
    Marks(file).add(Mark(qa_id=B, mark="bad"))
    assert bad_pairs(file) == {A, B}


@pytest.mark.parametrize(
    "line",
    [
        '{"qa_id": "short", "mark": "bad"}',
        json.dumps({"qa_id": A, "mark": "awful"}),
        json.dumps({"qa_id": A, "mark": "bad", "by": "me"}),
        json.dumps({"qa_id": A}),
        "not json",
        "[]",
    ],
)
def test_a_line_that_is_no_mark_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "marks.jsonl"
    file.write_text(json.dumps({"qa_id": B, "mark": "good"}) + f"\n{line}\n")
    with pytest.raises(DataError, match="line 2"):
        read_marks(file)


def test_a_file_that_is_not_there_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot read the marks"):
        bad_pairs(tmp_path / "none.jsonl")
