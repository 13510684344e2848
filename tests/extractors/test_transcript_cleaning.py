"""What becomes of the recogniser's words in a row's `input`."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.records import Features
from aig.extractors.transcript_cleaning import clean_transcript, spoken_text


@pytest.mark.parametrize(
    "text",
    [
        "Thanks for watching!",
        " THANKS FOR WATCHING",
        "Thank You For Watching.",
        "Thank you so much for watching this video!",
        "Thank you.",
        " thank you",
        "Please subscribe to my channel.",
        "Subtitles by the community of somewhere",
        "Bye.",
        "...",
        "",
    ],
)
def test_made_up_sentences_go(text):
    assert clean_transcript(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "thank you for watching the kids",
        "Thank you for watching the kids.",
        "He said: thank you. Then he left.",
        "I subscribe to that view.",
        "It cost 1.5 dollars... wow",
        "You are late.",
    ],
)
def test_real_sentences_stay(text):
    assert clean_transcript(f"  {text}") == text


def test_only_the_made_up_sentence_goes():
    assert clean_transcript(" Come in. Thanks for watching!") == "Come in."
    assert clean_transcript(" Come in! Thank you.") == "Come in! Thank you."


HEARD = Features(audio_id="x/1", duration_s=1, sample_rate=1, transcript=" Come in.", no_speech_prob=0.1)


def test_no_speech_leaves_the_input_empty():
    assert spoken_text(HEARD) == "Come in."
    assert spoken_text(None) == ""
    for change in ({"transcript": None}, {"no_speech_prob": 0.7}, {"hallucination": "repeats"}, {"silent": True}):
        assert spoken_text(replace(HEARD, **change)) == ""


@given(st.text(max_size=80))
def test_cleaning_only_ever_takes_away(text):
    cleaned = clean_transcript(text)
    assert cleaned == cleaned.strip()
    assert len(cleaned) <= len(text)
    assert clean_transcript(cleaned) in (cleaned, "")
