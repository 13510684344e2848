"""Word error rates between what is annotated and what was heard."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.filters.clips.rules.max_wer import MAX_WER
from aig.filters.clips.word_errors import band, word_error_rate

pytest.importorskip("jiwer", reason="the extra `measure` is not installed")

SAID = "It's twenty-one miles, and don't hurry!"


@pytest.mark.parametrize(
    ("transcript", "rate"),
    [
        ("it is twenty one miles and do not hurry", 0),
        ("It is TWENTY ONE miles and do not", 1 / 9),
        ("", 1),
        ("a bell rings", 1),
        ("it is twenty one miles and do not hurry at all", 2 / 9),
    ],
)
def test_rates_of_words(transcript, rate):
    assert word_error_rate(SAID, transcript) == pytest.approx(rate)


def test_a_text_without_words_says_nothing():
    assert word_error_rate("...", "hello") is None
    assert word_error_rate("", "hello") is None


def test_characters_count_where_no_blanks_are_written():
    assert word_error_rate("今日は天気がいい。", "今日は天気がいい") == 0
    assert word_error_rate("今日は天気がいい", "今日 は 天気 が 悪い") == pytest.approx(1 / 8)


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_texts_have_a_rate(text, transcript):
    rate = word_error_rate(text, transcript)
    assert rate is None or rate >= 0


def test_bands():
    assert [band(rate) for rate in (0, 0.1, 0.11, 0.25, 0.5, 0.75, 0.76, 3)] == [0, 0, 1, 1, 2, 3, 4, 4]


def test_the_rule_says_the_rate_and_leaves_clips_without_text():
    assert MAX_WER.check(0.5, SAID, "it is twenty one miles") is None
    assert MAX_WER.check(0.3, SAID, "it is twenty one miles") == (
        "word error rate 0.44 between its text and the transcript, above 0.3"
    )
    assert MAX_WER.check(0.5, None, "hello") is None
    assert MAX_WER.check(0.5, SAID, None) == "no speech recognition was run"
    assert MAX_WER.check(0.5, SAID, "") is not None
