"""A golden answer of every task of today: a few clips written out, and what may be said of them, whatever is drawn."""

from __future__ import annotations

from dataclasses import replace

import pytest

from aig.core.records import Clip, Event, Features, Measured
from aig.generators.closed_ended.facts import Facts
from aig.generators.closed_ended.peers import Peers
from aig.generators.closed_ended.registry import GROUPS, TASKS
from aig.generators.settings import QuestionSettings
from aig.prompts.metadata import sounds


def item(number: int, clip: dict, features: dict) -> Measured:
    audio_id = f"d/{number:02d}"
    made = Clip(audio_id=audio_id, dataset="d", **clip)
    measured = Features(audio_id=audio_id, duration_s=10.0, sample_rate=16_000, **features)
    return Measured(made, measured, measured.transcript or "", sounds(made, measured))


ONE = item(
    0,
    {
        "labels": ("Dog", "Rain"),
        "events": (Event("Dog", 0.5, 1.5), Event("Rain", 4.0, 9.0), Event("Dog", 2.0, 3.0)),
        "captions": ("A dog barks twice before it rains.",),
        "text": "Bring the umbrella please",
        "speaker_id": "anna",
        "gender": "female",
        "age": 34,
        "emotion": "happy",
        "sentiment": 2,
        "genres": ("Jazz",),
    },
    {
        "f0_hz": 220.0,
        "pitch_level": "very high",
        "words_per_s": 4.5,
        "syllables_per_s": 6.0,
        "speed_level": "very fast",
        "volume_dbfs": -12.0,
        "loudness_lufs": -13.0,
        "volume_level": "very high",
        "level_curve": bytes([20] * 40 + [80] * 60),
        "transcript": "Bring the umbrella please now",
        "language": "en",
        "clipped_share": 0.01,
        "snr_db": 4.0,
        "snr_level": "very noisy",
        "bandwidth_hz": 4000.0,
        "bandwidth_level": "narrow",
        "reverberation_s": 1.2,
        "reverberation_level": "very reverberant",
        "music_key": "C major",
    },
)
OTHER = item(
    1,
    {
        "labels": ("Piano",),
        "events": (Event("Piano", 1.0, 8.0),),
        "captions": ("Someone plays a slow piano melody.",),
        "text": "Nobody waited at that station",
        "speaker_id": "boris",
        "gender": "male",
        "age": 61,
        "emotion": "sad",
        "sentiment": -2,
        "genres": ("Rock",),
    },
    {
        "f0_hz": 120.0,
        "pitch_level": "very low",
        "words_per_s": 1.5,
        "syllables_per_s": 2.0,
        "speed_level": "very slow",
        "volume_dbfs": -40.0,
        "loudness_lufs": -42.0,
        "volume_level": "very low",
        "level_curve": bytes([120] * 100),
        "transcript": "Nobody waited at that station",
        "language": "de",
        "clipped_share": 0.0,
        "snr_db": 45.0,
        "snr_level": "very clean",
        "bandwidth_hz": 16000.0,
        "bandwidth_level": "very wide",
        "reverberation_s": 0.2,
        "reverberation_level": "very dry",
        "music_key": "F sharp major",
    },
)

TOGETHER = item(8, {"events": (Event("Dog", 1.0, 3.0), Event("Rain", 2.0, 9.0))}, {})
"""Sounds that overlap, unlike those of `ONE`: whether they do is asked only beside clips with the other answer."""

GOLDEN: dict[str, set[str]] = {
    "choice_label": {"Dog", "Rain"},
    "choice_caption": {"A dog barks twice before it rains."},
    "choice_first": {"Dog"},
    "choice_last": {"Rain"},
    "choice_longest": {"Rain"},
    "choice_loudest": {"Dog"},
    "choice_quietest": {"Rain"},
    "choice_order": {"Dog, then Rain"},
    "choice_count": {"a dog 2", "rain 1"},
    "choice_pitch": {"very high"},
    "choice_speed": {"very fast"},
    "choice_volume": {"very high"},
    "choice_gender": {"female"},
    "choice_age": {"30 to 39"},
    "choice_emotion": {"happy"},
    "choice_sentiment": {"positive"},
    "choice_words": {"Bring the umbrella please"},
    "choice_language": {"English"},
    "choice_genre": {"Jazz"},
    "choice_key": {"C major"},
    "choice_noise": {"very noisy"},
    "choice_reverberation": {"very reverberant"},
    "choice_bandwidth": {"narrow"},
    "presence": {"a dog Yes.", "rain Yes.", "a piano No."},
    "count": {"a dog 2.", "rain 1."},
    "duration": {"a dog 2.0 seconds.", "rain 5.0 seconds."},
    "overlap": {"No."},
    "interval": {"Sounds: Dog.", "Sounds: Rain.", "Sounds: Dog; Rain."},
    "word_count": {"4."},
    "next_word": {"bring the.", "the umbrella.", "umbrella please."},
    "word_said": {"bring Yes.", "umbrella Yes.", "please Yes.", "nobody No.", "waited No.", "station No.", "that No."},
    "clipped": {"Yes."},
    "noisy": {"Yes."},
    "band_limited": {"Yes."},
    "reverberant": {"Yes."},
    "reasoning_order": {"<think>Dog: from 0.5 s. Rain: from 4.0 s. 0.5 s is the earliest.</think> Dog."},
    "reasoning_count": {
        "a dog <think>Dog: at 0.5 s, 2.0 s; 2 times.</think> 2.",
        "rain <think>Rain: at 4.0 s; once.</think> 1.",
    },
    "reasoning_overlap": {
        "<think>Dog: [0.5s-1.5s, 2.0s-3.0s]. Rain: [4.0s-9.0s]. No time is in both.</think> No.",
        "<think>Rain: [4.0s-9.0s]. Dog: [0.5s-1.5s, 2.0s-3.0s]. No time is in both.</think> No.",
    },
    "compare_pitch": {"higher The first.", "lower The second."},
    "compare_speed": {"faster The first.", "more slowly The second."},
    "compare_volume": {"louder The first.", "quieter The second."},
    "same_speaker": {"Yes.", "No."},
    "compare_sound": {"a dog The first.", "rain The first.", "a piano The second."},
    "compare_only_first": {"Sounds: Dog; Rain."},
}
"""By task what may be said of the clip `ONE`, before a clip like `OTHER`; with the slot that the question names."""


def said(task: str, seed: int) -> list[str]:
    """What is answered about clips like `ONE`; where two are compared, only rows that begin with such a clip."""
    others = [replace(OTHER, clip=replace(OTHER.clip, audio_id=f"d/{n:02d}")) for n in (3, 5, 7)]
    ones = [replace(ONE, clip=replace(ONE.clip, audio_id=f"d/{n:02d}")) for n in (2, 4, 6)]
    everybody = [*ones, *others, *([TOGETHER] if task.endswith("overlap") else [])]
    first = {each.clip.audio_id for each in ones}
    found = []
    for each in everybody:
        facts = Facts(
            each.clip, each.features, each.spoken, each.sounds, ("Dog", "Rain", "Piano"), seed, QuestionSettings(),
            Peers(everybody),
        )  # fmt: skip
        for answer in TASKS[task].answers(facts) if facts.has(TASKS[task].needs) else ():
            if (answer.clips or (each.clip.audio_id,))[0] in first:
                text = answer.choices[answer.answer_index] if answer.answer_index is not None else answer.output
                slot = [value for name, value in answer.slots.items() if name in ("label", "word", "more")]
                found.append(" ".join([*slot, text]))
    return found


@pytest.mark.parametrize("task", GROUPS["modern"])
def test_what_is_said_is_golden(task: str) -> None:
    if TASKS[task].source != "rule":
        pytest.skip("a model answers it")
    found = {text for seed in range(25) for text in said(task, seed)}
    assert found <= GOLDEN[task]
    assert found
