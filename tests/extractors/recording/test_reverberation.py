"""Reverberation time: within a quarter in rooms of known time; dry speech is dry; absent in noise."""

import pytest

from aig.extractors.extractor import Absent
from helpers.recordings import SPEECH, in_room, mixed, noise, speech, values
from helpers.voices import RATE, vowel


@pytest.mark.parametrize("name", SPEECH)
def test_rooms_of_known_time(shared_data, name):
    clean = speech(shared_data, name)
    within = 0.25 if len(clean) > 8 * RATE else 0.45
    for seed, seconds in enumerate((0.45, 0.6, 0.8, 1.0, 1.3)):
        for direct_db in (0.0, 3.0):
            found = values(in_room(clean, seconds, direct_db, seed))["reverberation_s"]
            assert found == pytest.approx(seconds, rel=within), (seconds, direct_db)


def test_the_livelier_room_has_the_longer_time(shared_data):
    for name in SPEECH:
        clean = speech(shared_data, name)
        found = [values(in_room(clean, seconds, 0.0))["reverberation_s"] for seconds in (0.3, 0.6, 1.0)]
        assert found == sorted(found)


@pytest.mark.parametrize("name", SPEECH)
def test_dry_speech(shared_data, name):
    clean = speech(shared_data, name)
    assert values(clean)["reverberation_s"] <= 0.3
    assert values(in_room(clean, 0.2))["reverberation_s"] <= 0.35


def test_some_noise_is_no_harm(shared_data):
    clean = in_room(speech(shared_data, SPEECH[1]), 0.8)
    assert values(mixed(clean, noise("pink", len(clean)), 25))["reverberation_s"] == pytest.approx(0.8, rel=0.3)


def test_absent_with_a_reason(shared_data):
    clean = in_room(speech(shared_data, SPEECH[1]), 0.8)
    for samples, reason in ((mixed(clean, noise("white", len(clean)), 5), "noise"), (vowel(150, 2.0), "less than 4 s")):
        found = values(samples)["reverberation_s"]
        assert isinstance(found, Absent)
        assert reason in found.reason
