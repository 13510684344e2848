"""Answers and the options that lineage calls right: what agrees, and what is told."""

from __future__ import annotations

import pyarrow as pa
import pytest

from aig.core.tables import QA
from aig.shards.choice_check import other_answers, right_answers

LISTS = QA.field("choices").type


@pytest.mark.parametrize(
    ("output", "choices", "index", "agrees"),
    [
        ("(B) Dog", ["Cat", "Dog"], 1, True),
        ("Dog", ["Cat", "Dog"], 1, True),
        ("Dog.", ["Cat", "Dog"], 1, True),
        ("<think>It barks.</think> (B) Dog", ["Cat", "Dog"], 1, True),
        ("(A) Cat", ["Cat", "Dog"], 1, False),
        ("(A) Dog", ["Cat", "Dog"], 1, False),
        ("(B) Dogs", ["Cat", "Dog"], 1, False),
        ("<think>(B) Dog</think> (A) Cat", ["Cat", "Dog"], 1, False),
        ("Anything", None, None, True),
        ("Anything", ["Cat", "Dog"], 7, True),  # an index of no option is a finding of its own
        ("Anything", ["Cat", "Dog"], -1, True),
    ],
)
def test_an_answer_is_the_option_that_is_right(
    output: str, choices: list[str] | None, index: int | None, agrees: bool
) -> None:
    rows = pa.table(
        {
            "output": ["(A) x", output, "no options"],
            "choices": pa.array([["x", "y"], choices, None], LISTS),
            "answer_index": pa.array([0, index, None], pa.int32()),
        }
    ).slice(1)
    found = list(other_answers(rows.column("output"), right_answers(rows)))
    assert [broken.rows.tolist() for broken in found] == ([] if agrees else [[0]])
    assert all(broken.code == "choices" and "(B) Dog" in broken.say(0) for broken in found)


def test_lineage_without_options_says_nothing() -> None:
    rows = pa.table({"output": ["a"], "choices": pa.array([["a"]], LISTS)})
    assert right_answers(rows).null_count == 1
    assert list(other_answers(rows.column("output"), right_answers(rows))) == []
