"""What a judge wrote, read; and what cannot be read, never taken for consent."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.generators.judging.replies import Opinion, agrees, joined_opinions, read_guesses, read_opinions
from aig.prompts.judging import CRITERIA

YES = dict.fromkeys(CRITERIA, True)
GOOD, BAD = Opinion((True,) * 4), Opinion((False, True, True, True))


def verdicts(*items):
    return json.dumps({"verdicts": [{"n": number, "reason": "since  it is", **flags} for number, flags in items]})


def test_opinions_come_in_the_order_of_the_pairs():
    reply = verdicts((2, YES), (1, {**YES, "audible": False}))
    first, second, third = read_opinions(reply, 3)
    assert first == Opinion((True, False, True, True), "since it is")
    assert first.score == 0.75
    assert second is not None
    assert second.score == 1
    assert third is None


def test_what_is_not_supported_scores_nothing():
    assert BAD.score == 0


@pytest.mark.parametrize(
    "reply",
    [
        "",
        "I cannot judge audio.",
        "[]",
        "null",
        '{"verdicts": "all good"}',
        '{"verdicts": [{"n": 1, "supported": true}]}',
        '{"verdicts": [{"n": 7, "supported": true, "audible": true, "not_given_away": true, "well_formed": true}]}',
        '{"verdicts": [{"n": 1, "supported": "maybe", "audible": true, "not_given_away": true, "well_formed": true}]}',
        verdicts((1, YES), (1, {**YES, "supported": False})),
        "[" * 10_000,
    ],
)
def test_nonsense_and_refusals_are_no_opinion(reply):
    assert read_opinions(reply, 1) == [None]


@pytest.mark.parametrize(
    "reply",
    [
        "Here you are:\n```json\n" + verdicts((1, YES)) + "\n```",
        json.dumps([{"n": "1", "reason": "since it is", **dict.fromkeys(CRITERIA, "yes")}]),
        verdicts((1, YES))[:-1],
    ],
)
def test_odd_shapes_are_read(reply):
    assert read_opinions(reply, 1) == [Opinion((True,) * 4, "since it is")]


@given(st.text(), st.integers(1, 5))
def test_any_text_is_read_without_failing(reply, pairs):
    assert len(read_opinions(reply, pairs)) == pairs
    assert len(read_guesses(reply, pairs)) == pairs


def test_the_majority_of_votes_counts_and_a_tie_is_a_no():
    assert joined_opinions([GOOD, BAD, GOOD]).criteria == GOOD.criteria
    assert joined_opinions([GOOD, BAD]).criteria == BAD.criteria
    assert joined_opinions([GOOD, None, None]) is None
    assert joined_opinions([GOOD, GOOD, None]).criteria == GOOD.criteria
    assert joined_opinions([None]) is None


@pytest.mark.parametrize(
    ("guess", "answer", "same"),
    [
        ("(B) a cat", "(B) a dog", True),
        ("b)", "(B) a dog", True),
        ("(A) a dog", "(B) a dog", False),
        ("a dog", "(B) A dog.", True),
        ("I would say a dog.", "(B) a dog", True),
        ("It is low.", "The pitch of the voice is very low.", False),
        ("The pitch is very low.", "Very low.", True),
        ("", "low", False),
    ],
)
def test_guesses_at_options_and_levels(guess, answer, same):
    assert agrees(guess, answer) is same


def test_guesses_are_read_by_number():
    assert read_guesses('{"guesses": [{"n": 2, "answer": " a dog "}, {"n": 1, "answer": ""}]}', 2) == [None, "a dog"]
