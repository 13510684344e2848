"""Spread of the pitch, in semitones."""

import numpy as np
import pytest

from aig.extractors.extractor import Absent
from helpers.recordings import SPEECH, noise, speech, values
from helpers.voices import RATE, vowel


def gliding(semitones: float, f0_hz: float = 150.0, seconds: float = 6.0) -> np.ndarray:
    """A voice whose pitch swings slowly by a number of semitones."""
    times = np.arange(int(seconds * RATE)) / RATE
    frequency = f0_hz * 2 ** (semitones / 12 * np.sin(2 * np.pi * 0.5 * times))
    phase = 2 * np.pi * np.cumsum(frequency) / RATE
    return (0.1 * sum(np.sin(k * phase) / k for k in range(1, 12))).astype(np.float32)


@pytest.mark.parametrize("f0_hz", [100, 150, 220])
@pytest.mark.parametrize("semitones", [0.5, 1, 2, 3, 5])
def test_a_known_swing(semitones, f0_hz):
    assert values(gliding(semitones, f0_hz))["f0_spread_st"] == pytest.approx(
        semitones / np.sqrt(2), rel=0.05, abs=0.02
    )


def test_a_monotone_and_readers(shared_data):
    assert values(vowel(150, 3.0))["f0_spread_st"] < 0.1
    assert all(1 < values(speech(shared_data, name))["f0_spread_st"] < 6 for name in SPEECH)


@pytest.mark.parametrize(
    ("samples", "reason"), [(noise("white", 3 * RATE), "no pitch"), (vowel(150, 0.6), "less than 1 s")]
)
def test_absent_with_a_reason(samples, reason):
    found = values(samples)["f0_spread_st"]
    assert isinstance(found, Absent)
    assert reason in found.reason
