"""Fingerprints of real and made sounds."""

import numpy as np
import pytest

from aig.extractors.fingerprint import content_hash, fingerprint


def noise(seconds, seed=0):
    return np.random.default_rng(seed).normal(0, 0.1, int(16000 * seconds)).astype(np.float32)


def words(samples):
    return np.frombuffer(fingerprint(samples), "<u4")


def test_a_word_every_64_ms():
    assert len(words(noise(10))) == (160000 - 8192) // 1024
    assert len(words(noise(20))) == (320000 - 8192) // 1024


@pytest.mark.parametrize("seconds", [0, 0.1, 0.5])
def test_too_short_has_none(seconds):
    assert fingerprint(noise(seconds)) is None


def test_silence_has_none():
    assert fingerprint(np.zeros(32000, np.float32)) is None


def test_loudness_changes_nothing_and_another_sound_changes_half():
    ours, louder, other = words(noise(10)), words(noise(10) * 2), words(noise(10, 1))
    assert (ours == louder).all()
    differing = np.bitwise_count(ours ^ other).sum() / (32 * len(ours))
    assert 0.45 < differing < 0.55


def test_quiet_stretches_say_nothing():
    samples = np.concatenate([noise(2), noise(2) * 1e-4, noise(2, 1)])
    found = words(samples)
    assert (found[35:50] == 0).all()
    assert (found[:20] != 0).all()


def test_the_hash_is_of_the_samples():
    assert content_hash(noise(1)) == content_hash(noise(1).copy())
    assert content_hash(noise(1)) != content_hash(noise(1, 1))
