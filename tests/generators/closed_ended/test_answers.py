"""A golden answer for each closed-ended task, to the character."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.records import Clip, Event, Features
from aig.generators.closed_ended import temporal
from aig.generators.closed_ended.facts import Facts
from aig.generators.closed_ended.registry import TASKS
from aig.generators.settings import QuestionSettings
from aig.prompts.metadata import sounds


def answers(task, *, features=None, transcript="", vocabulary=(), settings=None, **fields):
    clip = Clip(audio_id="x/1", dataset="x", **fields)
    known = (transcript, sounds(clip, features), tuple(vocabulary))
    facts = Facts(clip, features, *known, 0, settings or QuestionSettings())
    return [answer.output for answer in TASKS[task].answers(facts)] if facts.has(TASKS[task].needs) else []


def measured(**fields):
    return Features(audio_id="x/1", duration_s=10.0, sample_rate=16000, **fields)


GOLDEN = [
    (
        "cla_label",
        {"labels": ("Guitar", "Music", "Plucked string instrument")},
        "Labels: Guitar; Music; Plucked string instrument",
    ),
    ("caption", {"captions": ('Someone says "ouch".',)}, 'Audio caption: Someone says "ouch".'),
    ("caption", {"captions": ("a dog barks\n twice",)}, "Audio caption: A dog barks twice."),
    (
        "label_caption",
        {
            "labels": ("Police car (siren)", "Traffic noise, roadway noise"),
            "captions": ("A police car siren is sounding with traffic noise",),
        },
        "Labels: Police car (siren); Traffic noise, roadway noise. "
        "Audio caption: A police car siren is sounding with traffic noise.",
    ),
    (
        "temporal",
        {
            "events": (
                Event("Mechanisms", 0.0, 9.8),
                Event("Squeak", 2.0, 7.2),
                Event("Squeak", 7.4, 8.1),
                Event("Tap", 9.6, 9.8),
            )
        },
        "Label with timestamps: Mechanisms: [0.0s-9.8s]; Squeak: [2.0s-7.2s, 7.4s-8.1s]; Tap: [9.6s-9.8s]",
    ),
    (
        "temporal_single",
        {"events": (Event("Snoring", 0.0, 1.26), Event("Snoring", 3.2, 4.9), Event("Snoring", 7.0, 8.64))},
        "Snoring: [0.0s-1.3s, 3.2s-4.9s, 7.0s-8.6s]",
    ),
    ("gender_cla", {"gender": "female"}, "The gender of the speaker is female."),
    ("gender_cla", {"gender": "non-binary"}, "The gender of the speaker is non-binary."),
    (
        "gender_emotion_cla",
        {"gender": "male", "emotion": "angry"},
        "The gender of the speaker is male, and the emotion is angry.",
    ),
    ("age_cla", {"age": 44}, "The estimated age of the speaker is 44."),
    ("emotion_cla", {"emotion": "happy"}, "Speaker emotion: Happy."),
    ("emotion_bin", {"sentiment": -1}, "Sentiment: Negative."),
    ("emotion_bin", {"sentiment": 0}, "Sentiment: Neutral."),
    ("emotion_score", {"sentiment": -3}, "Sentiment score: -3 (highly negative)."),
    (
        "emotion_detail",
        {"emotion": "happy", "sentiment": 2},
        "Speaker emotion: Happy, with a sentiment score of 2 (positive).",
    ),
    ("genre_cla", {"genres": ("Folk", "Pop")}, "Music genre: Folk, Pop."),
    ("ASR", {"text": " Ask not. "}, "Spoken text: Ask not."),
    ("pitch_cla", {"features": measured(pitch_level="medium"), "emotion": "sad"}, "The pitch is medium."),
    ("speed_cla", {"features": measured(speed_level="very fast"), "speaker_id": "19"}, "The speed is very fast."),
    ("energy_cla", {"features": measured(volume_level="low"), "text": "Ask not."}, "The energy is low."),
]


@pytest.mark.parametrize(("task", "fields", "expected"), GOLDEN)
def test_answers_to_the_character(task, fields, expected):
    assert answers(task, **fields) == [expected]


@pytest.mark.parametrize(
    "fields",
    [
        {"features": measured(volume_level="high", transcript="")},
        {"features": measured(volume_level="high", transcript="Thank you.", hallucination="a stock phrase")},
        {"features": measured(volume_level="high"), "labels": ("Bell",)},
    ],
)
def test_nobody_asks_for_the_voice_of_a_clip_in_which_nobody_speaks(fields):
    assert answers("energy_cla", **fields) == []


def test_labels_with_acoustic_features():
    (answer,) = answers("cla_label_des", labels=("Cello", "Double bass"))
    heading, _, entries = answer.partition(": ")
    assert heading == "Labels with acoustic features"
    assert [entry.split(" -> ")[1] for entry in entries.split("; ")] == ["Cello", "Double bass"]
    assert all(entry[0].isupper() for entry in entries.split("; "))


def test_sounds_that_are_not_there():
    fields = {"events": (Event("Clock", 0, 9), Event("Tick-tock", 0.5, 9), Event("Alarm clock", 4, 5))}
    (single,) = answers("temporal_single_not_exist", vocabulary=("Engine", "Clock", "Tick-tock"), **fields)
    assert single == (
        "This audio clip does not contain sound of engine. Sounds in this clip include: Clock; Tick-tock; Alarm clock."
    )
    race = {"events": (Event("Race car, auto racing", 0, 9),)}
    (order,) = answers("temporal_order_not_exist", vocabulary=("Dog", "Error signal", "Car", "Engine"), **race)
    assert order in (
        "This audio clip does not contain sounds of Dog and Error signal. "
        "Sounds in this clip include: Race car, auto racing.",
        "This audio clip does not contain sounds of Error signal and Dog. "
        "Sounds in this clip include: Race car, auto racing.",
    )


def test_no_question_about_absent_sounds_without_a_plausible_one():
    assert answers("temporal_single_not_exist", vocabulary=("Bark", "Animal"), events=(Event("Dog", 0, 1),)) == []


def test_recognised_words_stand_in_for_the_text_only_when_asked_to():
    assert answers("ASR", transcript="hello") == []
    settings = QuestionSettings(recognised_asr=True)
    assert answers("ASR", transcript="hello", settings=settings) == ["Spoken text: hello"]


OVERLAP = "Sounds of A and B are overlapped at "
ORDERS = [
    ([(0, 10)], [(3.6, 3.9)], f"{OVERLAP}[3.6s-3.9s]. Sound of A starts first and ends last."),
    ([(0, 5)], [(2, 5)], f"{OVERLAP}[2.0s-5.0s]. Sound of A starts first but both sounds end at the same time."),
    ([(1, 5)], [(1, 5)], f"{OVERLAP}[1.0s-5.0s]. Sounds of A and B start and end at the same time."),
    ([(1, 5)], [(1, 4)], f"{OVERLAP}[1.0s-4.0s]. Both sounds start at the same time but sound of A lasts longer."),
    ([(1, 4)], [(1, 5)], f"{OVERLAP}[1.0s-4.0s]. Both sounds start at the same time but sound of B lasts longer."),
    ([(1, 4)], [(2, 5)], f"{OVERLAP}[2.0s-4.0s]. Sound of A starts first but sound of B ends last."),
    ([(0, 1)], [(2, 3)], "Sounds of A and B are not overlapped. Sound of A starts first but sound of B ends last."),
    ([(0, 1)], [(1, 3)], "Sounds of A and B are not overlapped. Sound of A starts first but sound of B ends last."),
    ([(0, 1), (4, 5)], [(2, 3)], "Sounds of A and B are not overlapped. Sound of A starts first and ends last."),
    ([(0, 3), (4, 9)], [(2, 5)], f"{OVERLAP}[2.0s-3.0s, 4.0s-5.0s]. Sound of A starts first and ends last."),
    ([(0, 9)], [(1, 2), (1.5, 3)], f"{OVERLAP}[1.0s-3.0s]. Sound of A starts first and ends last."),
    ([(0, 9)], [(3.21, 3.24)], f"{OVERLAP}[3.2s-3.2s]. Sound of A starts first and ends last."),
    # Within a tenth the starts are the same, as written.
    (
        [(1.01, 5)],
        [(1.04, 4)],
        f"{OVERLAP}[1.0s-4.0s]. Both sounds start at the same time but sound of A lasts longer.",
    ),
]


@pytest.mark.parametrize(("a", "b", "ending"), ORDERS)
def test_order_of_two_sounds(a, b, ending):
    first, second = ([Event(name, *times) for times in spans] for name, spans in (("A", a), ("B", b)))
    told = temporal.order("A", first, "B", second)
    listed = f"Timestamps: {temporal.stamps('A', first)}; {temporal.stamps('B', second)}. "
    assert told == listed + ending


spans = st.lists(
    st.tuples(st.integers(0, 100), st.integers(1, 40)).map(lambda span: (span[0] / 10, (span[0] + span[1]) / 10)),
    min_size=1,
    max_size=5,
)


@given(spans, spans)
def test_order_does_not_depend_on_which_sound_is_named_first(a, b):
    first, second = ([Event(name, *times) for times in listed] for name, listed in (("A", a), ("B", b)))
    if min(a)[0] != min(b)[0]:
        assert temporal.order("A", first, "B", second) == temporal.order("B", second, "A", first)


@given(spans, spans)
def test_overlaps_are_where_both_sound(a, b):
    def heard(listed, tenth):
        return any(round(on * 10) <= tenth < round(off * 10) for on, off in listed)

    shared = temporal.overlaps(
        [(round(on * 10), round(off * 10)) for on, off in a], [(round(on * 10), round(off * 10)) for on, off in b]
    )
    assert all(before[1] < after[0] for before, after in itertools.pairwise(shared))
    for tenth in range(150):
        assert any(on <= tenth < off for on, off in shared) == (heard(a, tenth) and heard(b, tenth))
