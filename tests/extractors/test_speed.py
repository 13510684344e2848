"""Speed: words over the spoken span, syllables where there are no words."""

from __future__ import annotations

import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from aig.core.records import Clip, Features, Word
from aig.extractors.audio import read_audio
from aig.extractors.measure import measure_clips
from aig.extractors.pitch import f0_track
from aig.extractors.settings import ExtractSettings
from aig.extractors.speed import spoken_spans, syllables_per_s, voiced_spans, words_per_s
from aig.extractors.volume import HOP_S, measure_volume
from helpers.voices import RATE, vowel

SETTINGS = ExtractSettings(whisper=None)

needs_espeak = pytest.mark.skipif(shutil.which("espeak-ng") is None, reason="espeak-ng is not installed")


def spoken(text: str, words_per_minute: int, file: Path, voice: str = "en") -> Path:
    subprocess.run(["espeak-ng", "-v", voice, "-s", str(words_per_minute), "-w", str(file), text], check=True)
    return file


def test_silence_around_the_words_does_not_count() -> None:
    samples = np.concatenate([np.zeros(RATE, np.float32), vowel(150, 2.0), np.zeros(RATE, np.float32)])
    words = [Word("one", 0.0, 1.5), Word("two", 1.5, 2.0), Word("three", 2.0, 2.5), Word("four", 2.5, 4.0)]
    ((start, end),) = spans = spoken_spans(words, measure_volume(samples), 2.0)
    assert (start, end) == (pytest.approx(1.0, abs=0.03), pytest.approx(3.0, abs=0.03))
    assert words_per_s(words, spans) == pytest.approx(2.0, rel=0.03)


def test_long_pauses_do_not_count() -> None:
    samples = np.concatenate([vowel(150, 1.0), np.zeros(5 * RATE, np.float32), vowel(150, 1.0)])
    words = [Word("a", 0.0, 0.5), Word("b", 0.5, 1.0), Word("c", 6.0, 6.5), Word("d", 6.5, 7.0)]
    assert words_per_s(words, spoken_spans(words, measure_volume(samples), 2.0)) == pytest.approx(2.0, rel=0.03)
    assert words_per_s(words, spoken_spans(words, measure_volume(samples), 9.0)) == pytest.approx(4 / 7, rel=0.03)


def test_few_words_or_little_time_have_no_speed() -> None:
    assert words_per_s([Word("a", 0, 1), Word("b", 1, 2)], [(0.0, 2.0)]) is None
    assert words_per_s([Word("a", 0, 0.1), Word("b", 0.1, 0.2), Word("c", 0.2, 0.4)], [(0.0, 0.4)]) is None
    assert words_per_s([], []) is None


@pytest.mark.parametrize("rate_hz", [2, 3, 4, 5, 6])
def test_syllables_are_intensity_peaks_of_voice(rate_hz: int) -> None:
    voice = vowel(150, 3.0)
    loudness = np.clip(-np.cos(2 * np.pi * rate_hz * np.arange(len(voice)) / RATE) + 0.6, 0.02, None)
    samples = (voice * loudness).astype(np.float32)
    track, volume = f0_track(samples, SETTINGS.pitch), measure_volume(samples)
    assert syllables_per_s(volume, track, [(0.0, 3.0)]) == pytest.approx(rate_hz, rel=0.1)


def test_noise_bursts_are_no_syllables() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 3 * RATE)
    samples = (noise * np.clip(np.sin(2 * np.pi * 4 * np.arange(3 * RATE) / RATE), 0.02, None)).astype(np.float32)
    track = f0_track(samples, SETTINGS.pitch)
    assert syllables_per_s(measure_volume(samples), track, [(0.0, 3.0)]) == 0
    assert voiced_spans(track, 2.0) == []


@pytest.mark.slow
@pytest.mark.parametrize("voice", ["en-us", "en-gb", "en-us+f3"])
@needs_espeak
def test_words_per_second_follow_the_rate_of_speech(tmp_path: Path, tiny_en: str, voice: str) -> None:
    pytest.importorskip("faster_whisper")
    text = (
        "The old man walked slowly down to the river and sat beside the water, watching the boats come home before the "
        "storm broke over the hills."
    )
    rates = range(100, 261, 40)
    clips = [Clip(audio_id=f"mine/{rate}", dataset="mine", path=f"{rate}.wav") for rate in rates]
    for rate in rates:
        spoken(text, rate, tmp_path / f"{rate}.wav", voice)
    settings = ExtractSettings.model_validate({"whisper": {"backend": "faster-whisper", "model": tiny_en}})
    found = []
    for measured in measure_clips(clips, str(tmp_path), settings):
        assert isinstance(measured, Features)
        active = measure_volume(read_audio(tmp_path / f"{measured.audio_id.removeprefix('mine/')}.wav").samples)
        said_s = float(np.ptp(active.times_s[active.active])) + HOP_S
        assert measured.words_per_s == pytest.approx(len(text.split()) / said_s, rel=0.1)
        found.append(measured.words_per_s)
    assert all(slow < fast for slow, fast in pairwise(found)), found


@needs_espeak
def test_syllables_rise_with_the_rate_of_speech(tmp_path: Path) -> None:
    text = "The old man walked slowly down to the river and sat beside the water, watching the boats come home."
    found = []
    for words_per_minute in range(100, 261, 40):
        file = spoken(text, words_per_minute, tmp_path / "a.wav")
        samples = read_audio(file).samples
        track = f0_track(samples, SETTINGS.pitch)
        found.append(syllables_per_s(measure_volume(samples), track, voiced_spans(track, 2.0)) or 0)
    assert all(slow < fast for slow, fast in pairwise(found)), found
