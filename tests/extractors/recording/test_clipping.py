"""Clipping: flat tops are counted, what is merely loud, low or square-cornered in its own way is not."""

import numpy as np
import pytest
import soxr

from aig.extractors.audio import read_audio
from helpers.recordings import SPEECH, measured_file, noise
from helpers.voices import vowel


def native(shared_data, name=SPEECH[2], rate=44_100):
    samples = read_audio(shared_data / "audio" / "speech" / name).samples
    return soxr.resample(samples, 16_000, rate) / np.abs(samples).max()


@pytest.mark.parametrize("level", [1.0, 0.7])
@pytest.mark.parametrize("gain", [1.5, 2.5, 5.0])
def test_speech_that_was_clipped(tmp_path, shared_data, gain, level):
    loud = gain * native(shared_data)
    samples = level * np.clip(loud, -1, 1) * 0.999
    truth = float(np.mean(np.abs(loud) >= 1))
    found = measured_file(tmp_path, samples, 44_100, subtype="PCM_16").clipped_share
    assert found == pytest.approx(truth, rel=0.35)
    assert found <= truth * 1.01


def test_one_channel_of_two(tmp_path, shared_data):
    loud = 3 * native(shared_data)
    stereo = np.stack([0.999 * np.clip(loud, -1, 1), 0.2 * loud / 3], axis=1)
    truth = float(np.mean(np.abs(loud) >= 1)) / 2
    assert measured_file(tmp_path, stereo, 44_100, subtype="PCM_16").clipped_share == pytest.approx(truth, rel=0.35)


@pytest.mark.parametrize("gain", [0.999, 0.3, 0.01])
def test_speech_that_was_not(tmp_path, shared_data, gain):
    for name in SPEECH:
        assert measured_file(tmp_path, gain * native(shared_data, name), 44_100, subtype="PCM_16").clipped_share == 0


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
@pytest.mark.parametrize("f0_hz", [20, 50, 110, 200, 440, 1_000, 3_000])
def test_a_pure_tone_is_not_clipped(tmp_path, f0_hz, rate):
    wave = np.sin(2 * np.pi * f0_hz * np.arange(3 * rate) / rate)
    for gain in (0.999, 0.3):
        assert measured_file(tmp_path, gain * wave, rate, subtype="PCM_16").clipped_share == pytest.approx(0, abs=1e-5)


def test_levels(tmp_path):
    wave = vowel(120, 3.0)
    wave = wave / np.abs(wave).max()
    for samples, level in ((0.9 * wave, "none"), (np.clip(8 * wave, -1, 1) * 0.99, "very strong")):
        assert measured_file(tmp_path, samples, 16_000, subtype="PCM_16").clipping_level == level
    assert measured_file(tmp_path, 0.1 * noise("white", 32_000), 16_000, subtype="PCM_16").clipping_level == "none"
