"""SNR: within 3 dB on mixtures of known ratio; absent where it makes no sense."""

import numpy as np
import pytest

from aig.extractors.audio import read_audio
from aig.extractors.extractor import Absent
from helpers.recordings import SPEECH, mixed, noise, speech, values
from helpers.voices import RATE, vowel


@pytest.mark.parametrize("snr_db", [0, 5, 10, 15, 20, 25, 30])
def test_mixtures_of_known_ratio(shared_data, snr_db):
    for index, name in enumerate(SPEECH):
        clean = speech(shared_data, name)
        for kind in ("white", "pink", "brown"):
            found = values(mixed(clean, noise(kind, len(clean), index), snr_db))["snr_db"]
            assert found == pytest.approx(snr_db, abs=3), (name, kind)


@pytest.mark.parametrize("snr_db", [0, 15, 30])
@pytest.mark.parametrize("name", ["esc10_rain_1-17367-A.ogg", "esc10_helicopter_1-181071-A.ogg"])
def test_real_noise(shared_data, snr_db, name):
    clean = speech(shared_data, SPEECH[0])
    real = read_audio(shared_data / "audio" / "sounds" / name).samples
    found = values(mixed(clean, np.resize(real, len(clean)), snr_db))["snr_db"]
    assert found == pytest.approx(snr_db, abs=3)


def test_clean_speech_is_clean(shared_data):
    assert all(values(speech(shared_data, name))["snr_db"] > 30 for name in SPEECH)


@pytest.mark.parametrize("gain", [0.01, 0.3])
def test_gain_changes_nothing(shared_data, gain):
    samples = mixed(speech(shared_data, SPEECH[0]), noise("pink", len(speech(shared_data, SPEECH[0]))), 12)
    assert values(gain * samples)["snr_db"] == pytest.approx(values(samples)["snr_db"], abs=0.1)


@pytest.mark.parametrize(
    ("samples", "reason"),
    [
        (noise("white", 5 * RATE) * 0.1, "no speech"),
        (vowel(150, 1.0), "shorter than 2 s"),
        (vowel(150, 4.0), "hardly varies"),
        (np.zeros(5 * RATE), "no speech"),
    ],
)
def test_absent_with_a_reason(samples, reason):
    found = values(samples)["snr_db"]
    assert isinstance(found, Absent)
    assert reason in found.reason


def test_music_is_neither_voice_nor_noise(shared_data):
    found = values(speech(shared_data, SPEECH[0]), genres=("Folk",))
    for name in ("snr_db", "pause_share", "pauses_per_min", "reverberation_s"):
        assert found[name] == Absent("there is music")
