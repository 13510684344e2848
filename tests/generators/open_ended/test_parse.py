"""Replies in every shape: what is whole is found, what is not is counted and kept out."""

import json
import time
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.generators.open_ended.parse import parse_reply
from benchmarks.malformed_replies import FAULTS, corpus, damaged, released_method


def normal(pair):
    return tuple(" ".join(text.split()) for text in pair)


CASES = list(corpus(per_fault=8))


def test_the_corpus_is_large_and_hard():
    assert len(CASES) >= 150
    assert len(FAULTS) >= 40
    assert sum(case.cut for case in CASES) >= 20


def test_at_least_99_percent_are_recovered_and_none_corrupted():
    wanted = found = corrupted = 0
    for case in CASES:
        want, got = Counter(map(normal, case.pairs)), Counter(map(normal, parse_reply(case.text).pairs))
        wanted += want.total()
        found += (want & got).total()
        corrupted += (got - want).total()
    assert corrupted == 0
    assert found / wanted >= 0.99


def test_one_damaged_mark_corrupts_nothing_and_costs_little():
    wanted = found = 0
    for case in damaged(600):
        want, got = Counter(map(normal, case.pairs)), Counter(map(normal, parse_reply(case.text).pairs))
        assert not got - want, case.text
        wanted += want.total()
        found += (want & got).total()
    assert found / wanted > 0.9


def test_the_released_method_recovers_far_less():
    wanted = sum(len(case.pairs) for case in CASES)
    found = sum((Counter(case.pairs) & Counter(released_method(case.text))).total() for case in CASES)
    assert found / wanted < 0.3


@pytest.mark.parametrize("case", [case for case in CASES if case.cut][::4], ids=lambda case: case.fault)
def test_the_pair_a_reply_breaks_off_in_is_counted(case):
    parsed = parse_reply(case.text, "length")
    assert (len(parsed.pairs), parsed.cut) == (len(case.pairs), 1)


def test_pairs_keep_their_order_among_broken_ones():
    text = '[{"q": "1?", "a": "one"}, {"q": "2?" "a": "two "quoted" two"}, {"q": "3?", "a": "three"}]'
    assert parse_reply(text).pairs == (("1?", "one"), ("2?", 'two "quoted" two'), ("3?", "three"))


@pytest.mark.parametrize(
    ("text", "malformed"),
    [
        ('{"pairs": [{"q": "Only a question?"}, {"q": "Q?", "a": "A"}]}', 1),
        ('[{"q": "One", "a": {"x": 1}}, {"q": "Q?", "a": "A"}]', 1),
        ('[{"q": "Never closed, "a": 3}, {"q": "Q?", "a": "A"}]', 1),
    ],
)
def test_halves_are_counted_and_kept_out(text, malformed):
    parsed = parse_reply(text)
    assert parsed.pairs == (("Q?", "A"),)
    assert parsed.malformed == malformed


@pytest.mark.parametrize(
    "text", ["", "I'm sorry, but I can't help with that.", "{}", "[]", "null", '{"pairs": []}', "{", '"']
)
def test_nothing_is_made_up(text):
    assert parse_reply(text).pairs == ()


def test_the_last_labelled_answer_is_cut_when_the_server_says_so():
    text = "Q: One?\nA: Yes, one.\n\nQ: Two?\nA: Becau"
    assert parse_reply(text, "length").pairs == (("One?", "Yes, one."),)
    assert parse_reply(text, "length").cut == 1
    assert len(parse_reply(text, "stop").pairs) == 2


def test_an_empty_side_stays_for_the_filter_to_judge():
    assert parse_reply('{"pairs": [{"q": "", "a": "x"}, {"q": "y", "a": null}]}').pairs == (("", "x"), ("y", ""))


def test_half_a_character_does_not_reach_the_tables():
    ((_, answer),) = parse_reply(r'{"q": "Q?", "a": "cut \ud83d"}').pairs
    assert answer.encode() == "cut \ufffd".encode()


texts = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=60)
pairs = st.lists(st.tuples(texts, texts), min_size=1, max_size=4)


@given(pairs)
def test_valid_json_comes_back_as_it_was(wanted):
    text = json.dumps({"pairs": [{"q": q, "a": a} for q, a in wanted]}, ensure_ascii=False)
    assert parse_reply(text).pairs == tuple(wanted)
    lines = "\n".join(json.dumps({"q": q, "a": a}) for q, a in wanted)
    assert parse_reply(lines).pairs == tuple(wanted)


@given(pairs, st.data())
def test_a_cut_anywhere_loses_only_the_pair_it_falls_in(wanted, data):
    objects = [json.dumps({"q": q, "a": a}, ensure_ascii=False) for q, a in wanted]
    whole = '{"pairs": [' + ", ".join(objects) + "]}"
    at = data.draw(st.integers(0, len(whole)))
    complete = sum(len('{"pairs": [' + ", ".join(objects[: n + 1])) <= at for n in range(len(objects)))
    assert parse_reply(whole[:at], "length").pairs == tuple(wanted[:complete])


@given(st.text(st.sampled_from("{}[]\"'“”:,\\qa \nQA1.") | st.characters(), max_size=300))
def test_no_text_makes_it_fail(text):
    parsed = parse_reply(text)
    assert all(isinstance(side, str) for pair in parsed.pairs for side in pair)


@pytest.mark.parametrize(
    "unit", ["[", "{", '{"q": ', '{"q": "', '{"q": "x", "a": "y ', '"a": ', "Q: a\n", '{"a":', "\\"]
)
def test_hostile_replies_take_no_time(unit):
    text = (unit * 20_000)[:20_000]
    started = time.process_time()
    parse_reply(text)
    assert time.process_time() - started < 3
