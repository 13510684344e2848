import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.extractors.hallucination import MAX_CHARACTERS_PER_S, hallucination_reason

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
