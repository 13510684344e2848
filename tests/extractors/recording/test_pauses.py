"""Pauses: as many and as long as were put in."""

import numpy as np
import pytest

from aig.extractors.extractor import Absent
from helpers.recordings import SPEECH, mixed, noise, speech, values
from helpers.voices import RATE, vowel


def spoken(pauses_s, phrase_s=1.0):
    """Phrases of swelling vowels with pauses between them, and a little noise."""
    swell = (0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(int(phrase_s * RATE)) / RATE)).astype(np.float32)
    phrases = [vowel(f0, phrase_s, 0.03) * swell for f0 in np.linspace(120, 180, len(pauses_s) + 1)]
    parts: list[np.ndarray] = [np.zeros(RATE // 2)]
    for phrase, pause in zip(phrases, [*pauses_s, 0.5], strict=True):
        parts += [phrase, np.zeros(int(pause * RATE))]
    samples = np.concatenate(parts)
    return mixed(samples, noise("white", len(samples)), 35)


@pytest.mark.parametrize("pauses", [[0.4, 0.8, 0.5], [1.5, 0.3], [0.6] * 6, [0.1, 0.1, 0.1, 0.1]])
def test_pauses_that_were_put_in(pauses):
    found = values(spoken(pauses))
    real = [pause for pause in pauses if pause >= 0.25]
    span = len(pauses) + 1 + sum(pauses)
    assert found["pause_share"] == pytest.approx(sum(real) / span, abs=0.04)
    assert found["pauses_per_min"] == pytest.approx(60 * len(real) / span, rel=0.05)


def test_pauses_put_into_real_speech(shared_data):
    clean = speech(shared_data, SPEECH[2])
    before = values(clean)
    middle = int(np.argmin(np.convolve(clean**2, np.ones(1600), "same")[RATE:-RATE])) + RATE
    quiet = 1e-4 * np.random.default_rng(0).standard_normal(2 * RATE)
    after = values(np.concatenate([clean[:middle], quiet, clean[middle:]]))
    assert after["pause_share"] > before["pause_share"] + 0.1


def test_absent_with_a_reason(shared_data):
    clean = speech(shared_data, SPEECH[0])
    for samples, reason in (
        (mixed(clean, noise("pink", len(clean)), 5), "noise may fill the pauses"),
        (noise("white", 5 * RATE), "no speech"),
        (spoken([0.3], 0.9)[: 2 * RATE + 4000], "less than 3 s"),
    ):
        for name in ("pause_share", "pauses_per_min"):
            found = values(samples)[name]
            assert isinstance(found, Absent)
            assert reason in found.reason
