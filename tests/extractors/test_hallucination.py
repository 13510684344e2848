import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.extractors.hallucination import MAX_CHARACTERS_PER_S, hallucination_reason
from aig.extractors.transcript_cleaning import clean_transcript

STOCK = [
    "Thanks for watching!",
    "THANKS FOR WATCHING",
    "thank you for watching.",
    "Thank You For Watching!",
    "  tHaNkS fOr WaTcHiNg!!! ",
    "Thanks for watchin'",
    "Thanks 4 watching!",
    "Thankyou for watching",
    "thx for watching",
    "Thanks for watching, everyone!",
    "Thank you so much for watching!",
    "Thank you for listening.",
    "Thank you.",
    "thank you",
    "Bye.",
    "you",
    "Please subscribe to my channel.",
    "See you in the next video!",
    "Thanks for watching. See you in the next video!",
    "Subtitles by the Amara.org community",
    "ご視聴ありがとうございました",
    "Untertitel im Auftrag des ZDF für funk, 2017",
    "Продолжение следует...",
    "...",
    "♪♪",
]

REAL = [
    "Thank you for watching the kids this afternoon, I will be back at five.",
    "He said thank you and went on watching the game.",
    "Thanks for watching the house while we were away.",
    "I would like to thank you all for coming here tonight.",
    "No, no, no, no, don't do that!",
    "Ha ha ha, that was very, very, very funny.",
    "And so my fellow Americans, ask not what your country can do for you, ask what you can do for your country.",
    "She subscribed to the paper and never read it.",
    "It's supercalifragilisticexpialidocious!",
    "Six spoons of fresh snow peas, five thick slabs of blue cheese.",
    "Goodbye, my love.",
    "Die Donaudampfschifffahrtsgesellschaft fuhr bis Wien.",
    "今日は天気がとてもいいですから公園へ散歩に行きましょうと母が言いました。",
    "one two three one two three one two three and turn",
    "",
]


DATA = Path(__file__).parent / "data"


def lines(name):
    return (DATA / f"{name}.txt").read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("text", lines("hallucinated"))
def test_phrases_of_forty_languages_and_sound_notes_are_hallucinations(text):
    for form in (text, text.upper(), text.rstrip("!.。"), f" {text} "):
        assert hallucination_reason(form, 10.0) is not None, form


@pytest.mark.parametrize("text", lines("spoken"))
def test_no_sentence_with_the_same_words_is_lost(text):
    assert hallucination_reason(text, 10.0) is None
    assert clean_transcript(text) == text


def test_phrases_that_no_expression_was_written_for():
    """The held-back set was written after the expressions; at first 46 of its 50 phrases were found."""
    found = [text for text in lines("hallucinated_held_back") if hallucination_reason(text, 10.0)]
    assert len(found) >= 46
    assert [text for text in lines("spoken_held_back") if hallucination_reason(text, 10.0)] == []


def test_the_cases(shared_data):
    folder = shared_data / "cases" / "invented_phrases"
    for name, hallucinated in (("phrases", True), ("real", False)):
        for text in (folder / f"{name}.txt").read_text(encoding="utf-8").splitlines():
            assert bool(hallucination_reason(text, 8.0)) is hallucinated, text


def test_captions_that_people_wrote_are_not_hallucinations(shared_data):
    with (shared_data / "annotations" / "clotho" / "clotho_captions_development.csv").open(encoding="utf-8") as file:
        captions = [row["caption_1"] for row in csv.DictReader(file)]
    assert len(captions) > 1_000
    assert [text for text in captions if hallucination_reason(text, 30.0)] == []


@pytest.mark.parametrize("text", STOCK)
def test_a_stock_phrase_alone_is_made_up(text):
    assert hallucination_reason(text, 10.0) is not None


@pytest.mark.parametrize("text", REAL)
def test_a_real_sentence_stays(text):
    assert hallucination_reason(text, 10.0) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("you you you you you you you you", "times over"),
        ("I'm sorry. I'm sorry. I'm sorry. I'm sorry. I'm sorry.", "times over"),
        ("the dog is the dog is the dog is the dog is the dog is", "times over"),
        ("So we go to the next one and then " + "we are going to the next one and " * 9, "times over"),
        ("A" + "a" * 60, "a word"),
        ("hahahahahahahahahahahahahahahahaha", "goes on and on"),
        ("Lopadotemachoselachogaleokranioleipsan is a dish", "a word of 38 letters"),
    ],
)
def test_what_nobody_says_is_made_up_and_the_reason_says_why(text, reason):
    assert reason in (hallucination_reason(text, 60.0) or "")


def test_more_characters_a_second_than_anybody_speaks():
    text = "and the quick brown fox went over the hill to see what he could see there"
    assert hallucination_reason(text, 10.0) is None
    assert "characters a second" in (hallucination_reason(text, 1.5) or "")
    assert hallucination_reason(text, None) is None
    assert hallucination_reason(text, 0.0) is None


@given(st.text(max_size=300), st.none() | st.floats(0, 100))
def test_any_text_has_an_answer_and_white_space_does_not_matter(text, duration_s):
    assert hallucination_reason(f"  {text}\n", duration_s) == hallucination_reason(" ".join(text.split()), duration_s)


@given(st.text("abcdefghij ", min_size=1, max_size=60).filter(str.strip))
def test_the_rate_is_judged_by_the_clips_length(text):
    seconds = len(" ".join(text.split())) / MAX_CHARACTERS_PER_S
    assert "characters a second" not in (hallucination_reason(text, seconds * 1.01) or "")
