"""Each rule of the answer filters, on both sides of its line."""

import pytest

from aig.core.records import Clip, Event, Features
from aig.filters.answers.contradiction import contradiction
from aig.filters.answers.filter import Pair, filter_pairs
from aig.filters.answers.leak import leak
from aig.filters.answers.refusal import is_refusal
from aig.filters.answers.settings import AnswerFilterSettings

CLIP = Clip(
    audio_id="x/1",
    dataset="x",
    gender="male",
    age=60,
    emotion="sad",
    sentiment=-2,
    labels=("Dog",),
    events=(Event("Dog", 0.5, 1.5),),
    text="I cannot believe she said that",
)
FEATURES = Features(
    audio_id="x/1",
    duration_s=3,
    sample_rate=16000,
    f0_hz=104.0,
    pitch_level="low",
    pitch_rank="relatively low (95-120 Hz)",
    speed_level="medium",
    volume_level="high",
)


def rules(*written, min_words=0, **settings):
    pairs = [Pair(question, answer) for question, answer in written]
    return [v.rule for v in filter_pairs(pairs, CLIP, FEATURES, AnswerFilterSettings(**settings), min_words=min_words)]


def test_empty_and_short():
    written = (("", "a"), ("a", " "), ("q?", "one two"), ("p?", "one two three"))
    assert rules(*written, min_words=3) == ["empty", "empty", "short", ""]
    (own,) = filter_pairs([Pair("q?", "one two")], CLIP, None, AnswerFilterSettings(min_words=0), min_words=10)
    assert own.rule == ""


def test_reasons_say_what_was_met():
    (result,) = filter_pairs([Pair("q?", "one two")], CLIP, None, AnswerFilterSettings(), min_words=10)
    assert result.reason == "2 words, fewer than 10"


def test_duplicates_exact_and_near():
    written = (
        ("Why does the dog bark?", "It hears a stranger."),
        ("why does the DOG bark", "Somebody comes."),
        ("What does it hear?", "It hears a stranger"),
        ("Why does the dog bark there?", "It hears a stranger, too."),
        ("Why does the dog stop?", "The stranger leaves."),
    )
    assert rules(*written) == ["", "duplicate", "duplicate", "near_duplicate", ""]
    assert rules(*written, duplicates=False) == [""] * 5


def test_a_dropped_pair_makes_no_duplicate_of_a_later_one():
    assert rules(("Why?", "No."), ("Why?", "because it is so"), min_words=3) == ["short", ""]


REFUSING = [
    "It cannot be determined from the recording.",
    "The speaker's location is not mentioned in the recording.",
    "There is not enough information to answer this question.",
    "It is impossible to determine the age of the speaker.",
    "The audio clip does not provide any information about the weather.",
    "It is unclear whether the dog is friendly.",
    "As an AI language model, I am not able to hear.",
    "Based on the information, we cannot determine who speaks.",
    "I'm sorry, but I can't answer that.",
    "The identity of the speaker is unknown.",
    "It is difficult to tell.",
    "Without further context one can only guess.",
    "It can't be inferred.",
    "The exact reason isn't specified.",
    "N/A",
]
ANSWERING = [
    "The voice is loud enough to be heard across the room.",
    "I cannot believe she said that, he exclaims, and he sounds upset.",
    'He says "it cannot be determined", which shows his caution.',
    "The speaker does not mention his brother, which suggests that he avoids the matter.",
    "It is difficult to tell, but the speaker is likely sad.",
    "The dog cannot be seen, yet its bark tells how near it is.",
    "The speech is not clear, since the speaker mumbles.",
    "There is no evidence of distress in the calm voice.",
    "Not enough sleep may explain the tired voice.",
    "The speaker cannot hide his excitement.",
    "The speaker admits that nothing more can be done.",
    "The text is read without emotion, so that it sounds like a report.",
]


@pytest.mark.parametrize("answer", REFUSING)
def test_answers_that_cannot_be_given(answer):
    assert is_refusal(answer)


@pytest.mark.parametrize("answer", ANSWERING)
def test_answers_that_only_sound_like_it(answer):
    assert not is_refusal(answer)


def test_not_answerable_is_marked_or_dropped():
    pair = Pair("Where?", REFUSING[0])
    (kept,) = filter_pairs([pair], CLIP, None, AnswerFilterSettings())
    assert (kept.rule, kept.answerable) == ("", False)
    (dropped,) = filter_pairs([pair], CLIP, None, AnswerFilterSettings(not_answerable="drop"))
    assert (dropped.rule, dropped.answerable) == ("not_answerable", False)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("Is the male speaker a man?", "The speaker is male."),
        ("What is the gender of the male voice?", "The voice is male, as it sounds."),
        ("How does the pitch of 104Hz sound?", "It sounds like 104Hz."),
        ("What happens when the dog is heard at 0.5s?", "The dog is heard at 0.5s."),
        ("Is the sad speaker sad?", "Yes, the speaker is sad."),
    ],
)
def test_questions_that_give_the_answer_away(question, answer):
    assert leak(question, answer, CLIP, FEATURES)
    assert rules((question, answer), source=False) == ["leak"]
    assert rules((question, answer), source=False, leak=False) != ["leak"]


def test_an_answer_that_only_repeats_what_the_question_quotes():
    words = "ask not what your country can do for you, ask what you can do"
    said = Clip(audio_id="x/1", dataset="x", text=f"And so {words}.")
    assert leak(f"And so {words}.", f"My {words}.", said, None)
    assert leak("What does he ask for?", f"My {words}.", said, None) is None
    explained = f"With {words}, he calls on citizens to serve rather than to demand."
    assert leak(f"Why does he say {words}?", explained, said, None) is None


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("What is the speaker's gender?", "The speaker is male."),
        ("How does the dog shape the scene?", "The dog suggests a yard where somebody guards a house at night."),
        ("Why does he sound sad?", "He sounds sad since his pitch is low and his words tell of a loss."),
        ("Why is that?", "Since it is."),
    ],
)
def test_questions_that_give_nothing_away(question, answer):
    assert leak(question, answer, CLIP, FEATURES) is None


CONTRADICTING = [
    "The female speaker is calm.",
    "The speaker is a woman.",
    "The speaker raises her voice.",
    "The pitch of the voice is high.",
    "The high-pitched voice shows that the speaker is excited.",
    "The pace is very slow.",
    "The speaker talks softly.",
    "The speaker is 25 years old.",
    "The speaker is happy.",
    "The emotional rating of the speech is 2.",
    "The sound of thunder fills the air.",
    "Thunder can be heard.",
    "The speaker is a woman, as one can tell from the voice.",
    "He speaks at a medium volume.",
    "The pitch is moderate.",
    "He talks slowly and very softly.",
    "The speaker talks quietly and very slow.",
]
AGREEING = [
    "The speaker is a man of about 60.",
    "The speaker is not a woman.",
    "Rather than a high pitch, the voice has a low one.",
    "A female speaker would sound higher.",
    "The pitch is low, and the volume is high.",
    "The pace is slow.",
    "The pace is medium.",
    "The speaker talks slowly and loudly.",
    "He speaks loud and slow, at a medium pace.",
    "She is his wife, he says.",
    'He asks: "Is the speaker a woman?"',
    "The speaker is sad, with a rating of -2.",
    "The speaker is 55 years old.",
    "The sound of a dog is heard.",
    "The bark is like the sound of thunder.",
    "High pitch often goes with excitement.",
    "He wonders if the woman is happy.",
    "If the speaker were younger, the pitch would be high.",
]


@pytest.mark.parametrize("answer", CONTRADICTING)
def test_answers_against_what_is_known(answer):
    assert contradiction(answer, CLIP, FEATURES, ("thunder", "cat"))


@pytest.mark.parametrize("answer", AGREEING)
def test_answers_in_keeping_with_what_is_known(answer):
    assert contradiction(answer, CLIP, FEATURES, ("thunder", "cat")) is None


@pytest.mark.parametrize("answer", CONTRADICTING)
def test_nothing_contradicts_what_is_not_known(answer):
    assert contradiction(answer, Clip(audio_id="x/2", dataset="x"), None) is None


def test_high_for_a_woman_may_be_low_among_all():
    woman = Features(
        audio_id="x", duration_s=1, sample_rate=1, pitch_level="low", pitch_rank="relatively high (220-270 Hz)"
    )
    assert contradiction("The pitch is high.", CLIP, woman) is None
    assert contradiction("The pitch is low.", CLIP, woman) is None


def test_a_sound_that_the_caption_tells_of_is_not_missing():
    told = Clip(audio_id="x", dataset="x", labels=("Dog",), captions=("Thunder and a dog",))
    assert contradiction("The sound of thunder is near.", told, None, ("thunder",)) is None
