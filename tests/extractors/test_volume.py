"""Volume: known levels, the law of gain, and silence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aig.extractors.volume import level_curve, measure_volume
from helpers.voices import RATE, vowel


def sine(frequency_hz: float, amplitude: float, duration_s: float = 3.0) -> np.ndarray:
    return (amplitude * np.sin(2 * np.pi * frequency_hz * np.arange(int(duration_s * RATE)) / RATE)).astype(np.float32)


def test_full_scale() -> None:
    assert measure_volume(np.sign(sine(440, 1.0)) + 0.0).dbfs == pytest.approx(0, abs=0.05)
    assert measure_volume(sine(440, 1.0)).dbfs == pytest.approx(-3.01, abs=0.02)


def test_loudness_of_the_reference_tone() -> None:
    """ITU-R BS.1770-4: a full-scale sine of 997 Hz in one channel is -3.01 LUFS."""
    assert measure_volume(sine(997, 1.0)).lufs == pytest.approx(-3.01, abs=0.1)


def test_pauses_do_not_count() -> None:
    voice = vowel(150, 1.0)
    alone = measure_volume(voice).dbfs
    with_pauses = measure_volume(np.concatenate([np.zeros(2 * RATE, np.float32), voice, np.zeros(RATE, np.float32)]))
    assert alone is not None
    assert with_pauses.dbfs == pytest.approx(alone, abs=0.3)


@settings(max_examples=25, deadline=None)
@given(gain_db=st.floats(-40, 12))
def test_gain_moves_volume_by_as_much(gain_db: float) -> None:
    voice = np.concatenate([vowel(150, 0.5), np.zeros(4000, np.float32), vowel(120, 0.5) * 0.3])
    before, after = measure_volume(voice), measure_volume((voice * 10 ** (gain_db / 20)).astype(np.float32))
    assert before.dbfs is not None
    assert before.lufs is not None
    assert after.dbfs == pytest.approx(before.dbfs + gain_db, abs=0.1)
    if before.lufs + gain_db > -60:
        assert after.lufs == pytest.approx(before.lufs + gain_db, abs=0.1)


@pytest.mark.parametrize("samples", [1, 100, 399, 400, 401, 16_000])
def test_silence_has_no_volume(samples: int) -> None:
    volume = measure_volume(np.zeros(samples, np.float32))
    assert (volume.dbfs, volume.lufs, volume.peak_dbfs) == (None, None, float("-inf"))
    assert not volume.active.any()


def test_short_audio_has_no_loudness() -> None:
    volume = measure_volume(sine(440, 0.5, 0.2))
    assert volume.lufs is None
    assert volume.dbfs == pytest.approx(-9.03, abs=0.05)


@pytest.mark.parametrize("offset", [0.05, -0.5, 0.9])
def test_a_constant_is_not_sound(offset):
    silence = np.full(3 * RATE, offset, np.float32)
    assert measure_volume(silence).dbfs is None
    assert measure_volume(silence).peak_dbfs == float("-inf")
    noise = 0.001 * np.random.default_rng(0).standard_normal(len(silence)).astype(np.float32)
    assert measure_volume(silence + noise).peak_dbfs < -55
    drifting = offset * np.sin(2 * np.pi * 0.2 * np.arange(len(silence)) / RATE).astype(np.float32)
    assert measure_volume(drifting).peak_dbfs < -70
    voice = vowel(150)
    assert measure_volume(voice + offset).dbfs == pytest.approx(measure_volume(voice).dbfs, abs=0.1)


def test_the_level_curve_has_a_byte_for_each_tenth_of_a_second():
    time = np.arange(16_000) / 16_000
    samples = (np.sin(2 * np.pi * 440 * time) * np.where(time < 0.5, 0.5, 0.05)).astype(np.float32)
    curve = np.frombuffer(level_curve(measure_volume(samples)), np.uint8) / -2.0
    assert len(curve) == 10
    assert curve[:4] == pytest.approx(20 * np.log10(0.5 / np.sqrt(2)), abs=0.3)
    assert curve[6:] == pytest.approx(20 * np.log10(0.05 / np.sqrt(2)), abs=0.3)
    assert level_curve(measure_volume(np.zeros(800, np.float32))) == b"\xff"
