"""Key: chords, cadences and scales of known key; absent where there is none."""

import numpy as np
import pytest

from aig.extractors.extractor import Absent
from helpers.recordings import SPEECH, clicks, noise, speech, tone, values
from helpers.voices import RATE

NAMES = ("C", "C sharp", "D", "E flat", "E", "F", "F sharp", "G", "A flat", "A", "B flat", "B")
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11, 12), "minor": (0, 2, 3, 5, 7, 8, 11, 12)}
NATURAL_MINOR = (0, 2, 3, 5, 7, 8, 10, 12)
CADENCES = {
    "major": ((0, 4, 7), (5, 9, 12), (7, 11, 14), (0, 4, 7)),
    "minor": ((0, 3, 7), (5, 8, 12), (7, 11, 14), (0, 3, 7)),
}


def played(notes, tonic):
    return np.concatenate([tone(60 + tonic + note, 0.4) for note in (*notes, *notes[::-1])])


def chords(progression, tonic, seconds=0.8):
    return np.concatenate([sum(tone(60 + tonic + note, seconds) for note in chord) for chord in progression])


@pytest.mark.parametrize("mode", ["major", "minor"])
@pytest.mark.parametrize("tonic", range(12))
def test_chords_and_scales_of_known_key(tonic, mode):
    key = f"{NAMES[tonic]} {mode}"
    assert values(chords(CADENCES[mode], tonic), genres=("Folk",))["music_key"] == key
    assert values(chords(CADENCES[mode][:1], tonic, 3.0), genres=("Folk",))["music_key"] == key
    assert values(played(SCALES[mode], tonic), genres=("Folk",))["music_key"] == key
    if mode == "minor":
        assert values(played(NATURAL_MINOR, tonic), genres=("Folk",))["music_key"] == key


def test_another_tuning():
    samples = chords(CADENCES["major"], 2)
    squeezed = np.interp(np.arange(0, len(samples), 2 ** (0.3 / 12)), np.arange(len(samples)), samples)
    assert values(squeezed, genres=("Folk",))["music_key"] == "D major"


def test_absent_with_a_reason(shared_data):
    for samples, clip, reason in (
        (noise("white", 5 * RATE), {"genres": ("Noise",)}, "alike"),
        (tone(60, 3.0), {"labels": ("Music",)}, "fewer than three tones"),
        (np.concatenate([tone(60 + note, 0.3) for note in range(13)]), {"labels": ("Music",)}, "alike"),
        (chords(CADENCES["major"], 0), {"labels": ("Dog",)}, "no music: Dog"),
        (speech(shared_data, SPEECH[0]), {}, "a voice is heard"),
        (clicks(120, 1.5), {"labels": ("Music",)}, "shorter than 2 s"),
    ):
        found = values(samples, **clip)["music_key"]
        assert isinstance(found, Absent), found
        assert reason in found.reason
