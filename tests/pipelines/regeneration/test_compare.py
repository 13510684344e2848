"""Diversity figures against values worked out manually, and two prompts side by side."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.qa_id import make_pair
from aig.core.records import Dropped
from aig.pipelines.regeneration.compare import Outcome, compare
from aig.pipelines.regeneration.diversity import distinct_ngrams, distinct_texts, self_bleu


def row(question, answer, number=0, answerable=True):
    return make_pair(
        instruction=question,
        input="",
        audio_id=f"x/{number}",
        dataset="x",
        task="open-ended question",
        output=answer,
        prompt="p@1",
        prompt_sha256="",
        answerable=answerable,
        source="model",
    )


def drop(rule):
    return Dropped(audio_id="x/1", dataset="x", rule=rule, reason="")


def test_distinct_texts_and_ngrams():
    assert distinct_texts(["A b", "a  B", "c"]) == 2 / 3
    assert distinct_ngrams(["a b a b"], 1) == 2 / 4
    assert distinct_ngrams(["a b a b"], 2) == 2 / 3
    assert distinct_texts([]) == distinct_ngrams([], 2) == 0


def test_self_bleu_of_equal_and_of_unlike_texts():
    assert self_bleu(["the dog barks at the man"] * 3) == pytest.approx(1)
    assert self_bleu(["one text"]) == 0
    # No shared gram: each order has half a match of 6, 5, 4 and 3.
    unlike = math.exp(sum(math.log(0.5 / n) for n in (6, 5, 4, 3)) / 4)
    assert self_bleu(["a b c d e f", "g h i j k l"]) == pytest.approx(unlike)


def test_self_bleu_by_hand():
    # "a b c d" against "a b c e": 3/4 words, 2/3 pairs, 1/2 triples, half a match of one in fours; and the same back.
    expected = (3 / 4 * 2 / 3 * 1 / 2 * 0.5) ** 0.25
    assert self_bleu(["a b c d", "a b c e"]) == pytest.approx(expected)


@given(st.lists(st.text("ab c", min_size=1, max_size=20), min_size=2, max_size=6))
def test_figures_are_shares(texts):
    assert 0 <= self_bleu(texts) <= 1 + 1e-9
    assert 0 <= distinct_ngrams(texts, 2) <= 1


def test_two_prompts_side_by_side():
    before, after = Outcome("p@1"), Outcome("p@2")
    before.add([row("Why?", "because of this"), row("Why?", "because of that")], [drop("cut"), drop("short")])
    after.add([row(f"What is {n}?", f"it is thing number {n}", n, answerable=n > 0) for n in range(4)], [])
    old, new = compare(before, after)
    assert (old.prompt, old.replies, old.pairs, old.parse_rate) == ("p@1", 1, 2, 3 / 4)
    assert (old.dropped, old.distinct_questions, old.distinct_answers) == ({"short": 1}, 0.5, 1.0)
    assert (new.pairs_per_reply, new.not_answerable, new.answer_words) == (4, 1 / 4, 5)
    assert old.sampled == new.sampled == 2


def test_a_prompt_without_rows_has_figures_too():
    old, new = compare(Outcome("p@1"), Outcome("p@2"))
    assert old.pairs == new.pairs == old.sampled == 0
