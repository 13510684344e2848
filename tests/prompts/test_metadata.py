"""The metadata sentences, to the character."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aig.core.records import Clip, Event, Features
from aig.prompts import metadata
from aig.prompts.kind_registry import KINDS
from aig.prompts.open_ended import sentence


def clip(**fields):
    return Clip(**{"audio_id": "x/1", "dataset": "x"} | fields)


def measured(**fields):
    return Features(**{"audio_id": "x/1", "duration_s": 10.0, "sample_rate": 16000} | fields)


def test_audio_with_times_descriptions_and_caption():
    timed = clip(
        events=(Event("Dog", 0.1, 0.8), Event("Rain", 0.3, 9.0), Event("Dog", 5.55, 5.9)),
        captions=("A dog barks in the rain",),
    )
    described = {"Dog": "sharp and\n repeated", "Rain": None}
    assert metadata.audio(timed, None, described.__getitem__) == (
        "Sound Events: Sound of Dog (sharp and repeated): [0.1s-0.8s, 5.6s-5.9s]; Sound of Rain: [0.3s-9.0s]; "
        "Description: A dog barks in the rain"
    )


def test_audio_leaves_out_what_is_absent():
    nothing = {}.get
    assert metadata.audio(clip(labels=("Dog", "Rain")), None, nothing) == "Sound Events: Sound of Dog; Sound of Rain"
    assert metadata.audio(clip(captions=("A dog.", "A bark.")), None, nothing) == "Description: A dog. A bark."
    assert metadata.audio(clip(), measured(sounds=("Dog",)), nothing) == "Sound Events: Sound of Dog"
    assert metadata.audio(clip(), None, nothing) == ""


SPOKEN = {"text": "I am fine.", "gender": "female", "emotion": "happy", "age": 34, "sentiment": 2}
VOICE = {
    "f0_hz": 196.4,
    "pitch_level": "medium",
    "pitch_rank": "relatively low (160-200 Hz)",
    "volume_level": "high",
    "speed_level": "slow",
}


def test_speech_with_everything():
    assert metadata.speech(clip(**SPOKEN), measured(**VOICE), "") == (
        'Speech content: "I am fine."; Speaker gender: female; '
        "Speaker's fundamental frequency (F0) is about 196Hz, so the pitch is medium among all people, and is "
        "relatively low (160-200 Hz) for a female speaker; Speech volume: high; Speech speed: slow; "
        "Speech emotion: happy; Estimated speaker age: 34. "
        "On a scale ranging from highly negative (-3) to highly positive (3), the emotional rating of this speech "
        "is 2, which is positive"
    )


@pytest.mark.parametrize(
    ("fields", "features", "expected"),
    [
        ({"text": "Hi."}, {}, 'Speech content: "Hi."'),
        ({}, {}, ""),
        ({"gender": "male"}, {"speed_level": "fast"}, "Speaker gender: male; Speech speed: fast"),
        (
            {},
            {"f0_hz": 99.6, "pitch_level": "low"},
            "Speaker's fundamental frequency (F0) is about 100Hz, so the pitch is low among all people",
        ),
        ({}, {"f0_hz": 99.6}, "Speaker's fundamental frequency (F0) is about 100Hz"),
        (
            {"sentiment": -1},
            {},
            "On a scale ranging from highly negative (-3) to highly positive (3), the emotional rating of this speech "
            "is -1, which is weakly negative",
        ),
    ],
)
def test_speech_leaves_out_what_is_absent(fields, features, expected):
    assert metadata.speech(clip(**fields), measured(**features), "") == expected


def test_the_recognisers_words_stand_in_for_the_annotated_text():
    assert metadata.speech(clip(), None, "Hello.") == 'Speech content: "Hello."'
    assert metadata.speech(clip(text="Hi."), None, "Hello.") == 'Speech content: "Hi."'


def test_music():
    piece = clip(genres=("Folk", "Pop"), text="la\nla", title="Home")
    assert metadata.music(piece, "") == 'Music genre: Folk, Pop; Music Lyrics: "la la"; Suggest Music Title: "Home"'
    assert metadata.music(clip(genres=("Folk",)), "") == "Music genre: Folk"


def test_joint():
    spoken = clip(labels=("Rain", "Dog"))
    assert metadata.joint(spoken, None, "Come in!") == (
        'In the recording, background sound of Rain, Dog, and speech of "Come in!" is heard.'
    )
    sung = clip(labels=("Singing", "Guitar"))
    assert metadata.joint(sung, None, "La la") == (
        'In the recording, background sound of Singing, Guitar, and singing of "La la" is heard.'
    )
    assert metadata.joint(spoken, None, "") == metadata.joint(clip(), None, "Come in!") == ""


def test_a_description_is_drawn_by_seed_and_clip():
    drawn = {sentence(KINDS["audio"], clip(audio_id=f"x/{n}", labels=("Dog",))) for n in range(40)}
    assert 5 < len(drawn) <= 10
    assert sentence(KINDS["audio"], clip(labels=("Dog",))) == sentence(KINDS["audio"], clip(labels=("Dog",)))


@given(st.text(min_size=1).filter(str.strip))
def test_any_text_comes_out_as_text_on_one_line(text):
    told = " ".join(text.split())
    full = clip(labels=(text,), captions=(text,), text=text, genres=(text,), title=text, gender=text, emotion=text)
    for kind in KINDS:
        made = sentence(KINDS[kind], full, measured(transcript=text), text)
        assert told in made
        assert "\n" not in made
        assert "None" not in made or "None" in told
