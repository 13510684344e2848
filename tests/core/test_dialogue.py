"""Conversations in a row's question and answer."""

import re

from hypothesis import given
from hypothesis import strategies as st

from aig.core.dialogue import PATTERN, joined_turns, turns_of

TEXT = st.text(min_size=1, max_size=40).filter(lambda text: bool(text.split()))


@given(st.lists(st.tuples(TEXT, TEXT), min_size=2, max_size=6))
def test_turns_come_back_as_they_were_but_for_white_space(turns):
    instruction, output = joined_turns(turns)
    assert re.fullmatch(PATTERN, instruction)
    assert turns_of(instruction, output) == [(" ".join(q.split()), " ".join(a.split())) for q, a in turns]


def test_any_other_row_is_one_turn():
    for question in (
        "What is heard?",
        "User: a",
        "Which?\n(A) a\n(B) b",
        "User: a\nAssistant: b",
        "User: a\nUser: b\nc",
    ):
        assert turns_of(question, "A dog.") == [(question, "A dog.")]
    assert joined_turns([("What is heard?", "A dog.")]) == ("What is heard?", "A dog.")
