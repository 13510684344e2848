"""Pitch: right on known voices, in noise, with several of them; none where there is no voice."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aig.extractors.audio import read_audio
from aig.extractors.pitch import f0_track, mean_f0_hz
from aig.extractors.settings import ExtractSettings, PitchSettings
from aig.extractors.voice import measure_voice
from aig.extractors.volume import measure_volume
from helpers.voices import RATE, Samples, pulses, vowel, with_noise

SETTINGS = PitchSettings()
FREQUENCIES = (60, 62, 70, 85, 100, 120, 150, 180, 210, 250, 300, 350, 400, 450, 500, 550, 600)


def pitch(samples: Samples) -> tuple[float | None, str | None]:
    return mean_f0_hz(f0_track(samples, SETTINGS), len(samples) / RATE, SETTINGS)


@pytest.mark.parametrize("kind", [pulses, vowel])
@pytest.mark.parametrize("f0_hz", FREQUENCIES)
def test_known_pitch(kind: object, f0_hz: float) -> None:
    samples = kind(f0_hz)
    assert pitch(samples)[0] == pytest.approx(f0_hz, rel=0.005)
    assert pitch(with_noise(samples, 10))[0] == pytest.approx(f0_hz, rel=0.01)


def test_vibrato_does_not_move_the_mean() -> None:
    assert pitch(vowel(220, vibrato=0.03))[0] == pytest.approx(220, rel=0.005)


def test_two_voices_give_the_mean_of_both() -> None:
    for low, high in ((110, 220), (120, 200), (110, 300)):
        both = np.concatenate([vowel(low, 0.5), vowel(high, 0.5)] * 3)
        assert pitch(both)[0] == pytest.approx((low + high) / 2, rel=0.02)


@pytest.mark.parametrize(("voice", "other"), [(120, 45), (120, 60), (200, 400)])
def test_creak_and_octave_jumps_are_left_out(voice: float, other: float) -> None:
    samples = np.concatenate([vowel(voice, 0.8), vowel(other, 0.2)] * 3)
    assert pitch(samples)[0] == pytest.approx(voice, rel=0.005)


@pytest.mark.parametrize("duration_s", [0.0, 0.001, 0.05, 0.1, 2.0])
def test_silence_of_any_length_has_none(duration_s: float) -> None:
    f0, reason = pitch(np.zeros(int(duration_s * RATE), np.float32))
    assert f0 is None
    assert reason == "only 0.00 s are voiced"


def test_noise_has_none() -> None:
    rng = np.random.default_rng(0)
    white = rng.standard_normal(5 * RATE)
    spectrum = np.fft.rfft(white)
    pink = np.fft.irfft(spectrum / np.sqrt(np.arange(1, len(spectrum) + 1)))
    for noise in (white * 0.1, pink / pink.std() * 0.1, white * 1e-5):
        assert pitch(noise.astype(np.float32))[0] is None


def test_only_the_given_spans_count() -> None:
    samples = np.concatenate([vowel(120, 1.0), vowel(300, 1.0)])
    track = f0_track(samples, SETTINGS, [(0.1, 0.9)])
    assert mean_f0_hz(track, 0.8, SETTINGS)[0] == pytest.approx(120, rel=0.005)
    assert not track.f0_hz[track.times_s > 0.91].any()


def test_little_voice_gives_none_and_the_share() -> None:
    samples = np.concatenate([vowel(150, 0.4), np.random.default_rng(0).normal(0, 0.1, 4 * RATE).astype(np.float32)])
    assert pitch(samples) == (None, "only 9% of the sound or speech is voiced")


def test_readers_sex_follows_from_pitch(shared_data: Path) -> None:
    speech = shared_data / "audio" / "speech"
    men = ("libritts_207", "libritts_2299", "libritts_480", "librispeech_1272")
    women = ("libritts_4744", "libritts_6544", "libritts_968", "ljspeech_LJ001-0012", "librispeech_2412")
    found = {f.name: pitch(read_audio(f).samples)[0] or 0 for f in speech.iterdir()}
    assert all(f0 < 165 for name, f0 in found.items() if name.startswith(men)), found
    assert all(f0 > 165 for name, f0 in found.items() if name.startswith(women)), found


def test_rain_and_waves_have_none(shared_data: Path) -> None:
    for file in (shared_data / "audio" / "sounds").glob("esc10_*"):
        if any(word in file.name for word in ("rain", "sea_waves", "fire", "helicopter", "sneeze")):
            assert pitch(read_audio(file).samples)[0] is None, file.name


@pytest.mark.parametrize("vibrato", [0.0, 0.03])
@pytest.mark.parametrize("f0_hz", [660, 700, 880, 1_046, 1_300, 2_000])
def test_a_voice_above_the_ceiling_has_no_pitch_and_a_reason(f0_hz, vibrato):
    for samples in (vowel(f0_hz, 2.0, vibrato), with_noise(vowel(f0_hz, 2.0, vibrato), 10)):
        voice = measure_voice(samples, measure_volume(samples), None, ExtractSettings())
        assert voice.f0_hz is None
        assert voice.f0_reason


@pytest.mark.parametrize("f0_hz", [330, 400, 500, 600])
def test_a_high_voice_within_the_range_keeps_its_pitch(f0_hz):
    for samples in (vowel(f0_hz, 2.0, 0.03), with_noise(vowel(f0_hz), 5), pulses(f0_hz)):
        assert measure_voice(samples, measure_volume(samples), None, ExtractSettings()).f0_hz == pytest.approx(
            f0_hz, rel=0.01
        )


def test_a_higher_ceiling_finds_the_soprano():
    soprano = ExtractSettings(pitch=PitchSettings(ceiling_hz=1200))
    samples = vowel(880)
    assert measure_voice(samples, measure_volume(samples), None, soprano).f0_hz == pytest.approx(880, rel=0.01)


def test_a_voice_that_leaves_the_range_for_half_of_its_time():
    samples = np.concatenate([vowel(200, 1.0), vowel(800, 1.0)])
    voice = measure_voice(samples, measure_volume(samples), None, ExtractSettings())
    assert (voice.f0_hz, voice.f0_reason) == (None, "50% of the voice lie above 650 Hz, the highest that is looked for")
