"""Emotions and genres that may be said of one clip are never two options of a question."""

from __future__ import annotations

import pytest

from helpers.task_answers import answers, clip, measured


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        ("angry", "sad", True),
        ("angry", "Frustrated", False),
        ("happy", "excited", False),
        ("neutral", "calm", False),
        ("happy", "Happy", False),
        ("happy", "other", False),
        ("happy", "n/a", False),
        ("very angry", "Angry", False),
        ("sad", "frustrated", False),
        ("sad", "happy, excited", True),
        ("curious", "sleepy", True),
    ],
)
def test_emotions_that_pass_for_each_other_are_not_two_options(one: str, other: str, apart: bool):
    asked = answers("choice_emotion", measured(clip(emotion=one)), [measured(clip(1, emotion=other))])
    assert len(asked) == apart


@pytest.mark.parametrize(
    ("one", "other", "apart"),
    [
        (("Jazz",), ("Techno",), True),
        (("Techno",), ("Electronic",), False),
        (("Techno", "Electronic"), ("House",), False),
        (("Indie-Rock",), ("Rock",), False),
        (("Punk",), ("Death-Metal",), False),
        (("Drone",), ("Experimental",), False),
        (("Jazz",), ("Compilation",), False),
        (("Jazz",), ("Compilation", "Old-Time / Historic", "Hip-Hop"), True),
        (("Spoken",), ("Rock",), False),
    ],
)
def test_genres_that_nobody_hears_or_that_hold_one_another_are_not_two_options(one, other, apart: bool):
    asked = answers("choice_genre", measured(clip(genres=one)), [measured(clip(1, genres=other))])
    assert len(asked) == apart
    for answer in asked:
        assert not {"Compilation", "Old-Time / Historic"} & set(answer.choices)
