"""Bandwidth: files of several rates, brought to another rate, low-passed, and through a lossy codec."""

import io

import numpy as np
import pytest
import soundfile
import soxr
from scipy.signal import butter, sosfilt

from helpers.recordings import measured_file


def music(rate: int, seconds: float = 4.0) -> np.ndarray:
    """Noise like music: pink up to half the rate, swelling."""
    rng = np.random.default_rng(0)
    hertz = np.fft.rfftfreq(int(seconds * rate), 1 / rate)
    spectrum = (rng.standard_normal(len(hertz)) + 1j * rng.standard_normal(len(hertz))) / np.sqrt(np.maximum(hertz, 50))
    wave = np.fft.irfft(spectrum, int(seconds * rate))
    return (0.2 * wave / np.abs(wave).max() * (1.2 + np.sin(np.arange(len(wave)) * 6 / rate))).astype(np.float32)


@pytest.mark.parametrize("rate", [8_000, 16_000, 22_050, 44_100, 48_000])
def test_nothing_is_missing(tmp_path, rate):
    assert measured_file(tmp_path, music(rate), rate).bandwidth_hz == pytest.approx(rate / 2, rel=0.03)


@pytest.mark.parametrize("stored", [16_000, 44_100, 48_000])
@pytest.mark.parametrize("recorded", [8_000, 16_000, 32_000])
def test_a_file_brought_to_a_higher_rate(tmp_path, recorded, stored):
    if recorded < stored:
        samples = soxr.resample(music(recorded), recorded, stored)
        found = measured_file(tmp_path, samples, stored, subtype="PCM_16").bandwidth_hz
        assert found == pytest.approx(recorded / 2, rel=0.08)


@pytest.mark.parametrize("cut", [2_500, 3_400, 5_000, 8_000, 12_000])
def test_a_low_pass_filter(tmp_path, cut):
    samples = sosfilt(butter(12, cut, fs=48_000, output="sos"), music(48_000)).astype(np.float32)
    assert measured_file(tmp_path, samples, 48_000).bandwidth_hz == pytest.approx(cut, rel=0.2)


def test_through_a_lossy_codec(tmp_path):
    packed = io.BytesIO()
    soundfile.write(packed, music(44_100), 44_100, format="MP3", bitrate_mode="CONSTANT", compression_level=0.9)
    packed.seek(0)
    samples, rate = soundfile.read(packed, dtype="float32")
    found = measured_file(tmp_path, samples, rate, subtype="PCM_16").bandwidth_hz
    assert found is not None
    assert found < 17_500


def test_levels_and_silence(tmp_path):
    assert measured_file(tmp_path, music(48_000), 48_000).bandwidth_level == "very wide"
    assert measured_file(tmp_path, soxr.resample(music(8_000), 8_000, 48_000), 48_000).bandwidth_level == "narrow"
    for level in (0.0, 0.1):
        silent = measured_file(tmp_path, np.full(32_000, level, np.float32), 16_000)
        assert silent.bandwidth_hz is None
        assert ("bandwidth_hz", "silent, or too short") in {(each.field, each.reason) for each in silent.absent or ()}
