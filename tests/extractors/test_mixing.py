"""Channels that are empty, or that cancel each other."""

from __future__ import annotations

import numpy as np
import pytest
import soundfile

from aig.extractors.audio import read_audio
from aig.extractors.volume import measure_volume
from helpers.voices import RATE, vowel

VOICE = vowel(150)
QUIET = np.zeros_like(VOICE)
NOISE = np.random.default_rng(0).standard_normal(len(VOICE)).astype(np.float32) * 0.1


def level(tmp_path, *channels, subtype="FLOAT"):
    soundfile.write(tmp_path / "a.wav", np.stack(channels, axis=1), RATE, subtype=subtype)
    return measure_volume(read_audio(tmp_path / "a.wav").samples).dbfs


@pytest.mark.parametrize(
    "channels",
    [
        (VOICE,),
        (VOICE, VOICE),
        (VOICE, QUIET),
        (QUIET, VOICE),
        (VOICE, -VOICE),
        (VOICE, -0.8 * VOICE),
        (VOICE, QUIET + 0.05),
        (VOICE, 0.001 * NOISE),
        (QUIET, QUIET, VOICE, QUIET, QUIET, QUIET),
        (VOICE, -VOICE, VOICE, -VOICE),
    ],
)
def test_speech_is_as_loud_as_on_one_channel(tmp_path, channels):
    assert level(tmp_path, *channels) == pytest.approx(level(tmp_path, VOICE), abs=0.1)


def test_other_channels_are_their_plain_mean(tmp_path):
    for channels in (
        (VOICE, NOISE),
        (VOICE, 0.1 * VOICE),
        (NOISE, NOISE[::-1]),
        (VOICE, NOISE, NOISE[::-1], QUIET + NOISE),
    ):
        stacked = np.stack(channels, axis=1)
        soundfile.write(tmp_path / "a.wav", stacked, RATE, subtype="FLOAT")
        assert np.array_equal(read_audio(tmp_path / "a.wav").samples, stacked.mean(axis=1, dtype=np.float32))


def test_a_segment_is_mixed_by_itself(tmp_path):
    half = len(VOICE) // 2
    right = np.concatenate([-VOICE[:half], VOICE[half:]])
    soundfile.write(tmp_path / "a.wav", np.stack([VOICE, right], axis=1), RATE, subtype="FLOAT")
    for start, end in ((0.0, 1.0), (1.0, 2.0)):
        part = read_audio(tmp_path / "a.wav", start_s=start, end_s=end).samples
        assert np.abs(part) == pytest.approx(np.abs(VOICE[int(start * RATE) : int(end * RATE)]), abs=1e-6)


@pytest.mark.parametrize(
    ("case", "same"), [("audio_opposite_phase", ("same", "inverted")), ("audio_one_channel_empty", ("mono", "left"))]
)
def test_cases(shared_data, case, same):
    first, second = (read_audio(shared_data / "cases" / case / "audio" / f"{name}.wav").samples for name in same)
    assert measure_volume(first).dbfs == pytest.approx(measure_volume(second).dbfs, abs=0.01)
