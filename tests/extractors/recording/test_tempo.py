"""Tempo: click tracks within 2 %; absent where there is no beat or no music."""

import numpy as np
import pytest

from aig.extractors.extractor import Absent
from helpers.recordings import SPEECH, clicks, noise, speech, values
from helpers.voices import RATE, vowel


@pytest.mark.parametrize("bpm", [45, 52, 60, 66, 73, 80, 90, 100, 111, 120, 128, 140, 150, 160, 174, 180, 200, 220])
def test_click_tracks(bpm):
    for seconds in (6, 12):
        for samples in (clicks(bpm, seconds), clicks(bpm, seconds) + 0.05 * noise("pink", seconds * RATE)):
            assert values(samples, labels=("Music",))["tempo_bpm"] == pytest.approx(bpm, rel=0.02)
    unknown = values(clicks(bpm, 8))["tempo_bpm"]
    assert isinstance(unknown, Absent) or unknown == pytest.approx(bpm, rel=0.02)


def test_absent_with_a_reason(shared_data):
    for samples, clip, reason in (
        (noise("white", 6 * RATE), {}, "no steady beat"),
        (clicks(120, 6), {"labels": ("Speech",)}, "no music: Speech"),
        (speech(shared_data, SPEECH[0]), {}, "a voice is heard"),
        (speech(shared_data, SPEECH[0]), {"labels": ("Rapping",)}, "no steady beat"),
        (clicks(120, 3), {"genres": ("Techno",)}, "shorter than 4 s"),
        (np.zeros(6 * RATE), {"labels": ("Music",)}, "silent"),
        (vowel(150, 6.0), {"genres": ("Folk",)}, "no steady beat"),
    ):
        found = values(samples, **clip)["tempo_bpm"]
        assert isinstance(found, Absent)
        assert reason in found.reason
