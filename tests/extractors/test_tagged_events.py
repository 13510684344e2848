"""Events from a tagger's scores: on scores made for the purpose, and on real clips and mixtures with YAMNet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aig.core.records import Clip, Features, TaggedEvent
from aig.extractors.measure import measure_clips
from aig.extractors.settings import ExtractSettings, TaggerEventSettings
from aig.extractors.tagged_events import tagged_events

LABELS = ("Silence", "Dog", "Rain")
HOP, FRAME = 0.24, 0.975


def events(dog, samples=None, **settings):
    """Events of a dog's scores, one a frame; without samples, of a steady sound, in which no end is sharp."""
    scores = np.zeros((len(dog), 3))
    scores[:, 1] = dog
    length = int(16_000 * (HOP * (len(dog) - 1) + FRAME))
    sound = np.full(length, 0.1, np.float32) if samples is None else samples
    return tagged_events(scores, LABELS, sound, TaggerEventSettings(**settings), hop_s=HOP, frame_s=FRAME)


def test_a_trembling_score_is_one_event():
    (event,) = events([0, 0, 0.2, 0.9, 0.3, 0.6, 0.25, 0.9, 0.1, 0, 0])
    assert event.label == "Dog"
    assert event.score == 0.9
    assert event.onset_s == pytest.approx(0.24 * 2.5 + FRAME / 2, abs=0.25)
    assert event.offset_s == pytest.approx(0.24 * 7.5 + FRAME / 2, abs=0.25)


def test_two_sounds_with_a_gap_are_two_events_and_a_weak_one_is_none():
    assert len(events([0, 0.9, 0.9, 0, 0, 0, 0, 0.9, 0.9, 0])) == 2
    assert events([0, 0.3, 0.3, 0.2, 0]) == ()
    assert len(events([0, 0.3, 0.3, 0.3, 0], thresholds={"Dog": 0.25})) == 1
    assert events([0, 0.9, 0.9, 0.9, 0], thresholds={"Dog": 0.95}) == ()
    assert events([]) == ()


def test_a_sound_that_fills_the_clip_begins_and_ends_with_it():
    (event,) = events([0.9] * 10)
    assert (event.onset_s, event.offset_s) == (0.0, pytest.approx(0.24 * 9 + FRAME, abs=0.02))


def test_ends_are_moved_to_where_the_sound_rises_and_falls():
    scores = [0.0] * 6 + [0.9] * 6 + [0.0] * 8
    sound = np.full(int(16_000 * (HOP * 19 + FRAME)), 0.001, np.float32)
    sound[int(1.93 * 16_000) : int(3.31 * 16_000)] = 0.1
    (event,) = events(scores, sound)
    assert event.onset_s == pytest.approx(1.93, abs=0.03)
    assert event.offset_s == pytest.approx(3.31, abs=0.03)


def test_a_bark_in_the_rain_is_found_where_it_was_put(shared_data: Path, tmp_path: Path):
    pytest.importorskip("ai_edge_litert")
    soundfile = pytest.importorskip("soundfile")
    soxr = pytest.importorskip("soxr")
    root = shared_data / "audio" / "sounds"

    def sound(word: str) -> np.ndarray:
        samples, rate = soundfile.read(next(root.glob(f"esc10_{word}_*")))
        return soxr.resample(samples, rate, 16_000)

    mixed = np.resize(sound("rain"), 16_000 * 10)
    mixed *= 0.005 / np.sqrt(np.mean(mixed**2))
    barking = sound("dog_bark")
    loudest = int(np.argmax(np.abs(barking)))
    bark = barking[max(0, loudest - 3_200) : loudest + 8_000]
    bark *= 0.1 / np.sqrt(np.mean(bark**2))
    for at in (2.5, 6.0):
        mixed[int(at * 16_000) :][: len(bark)] += bark
    soundfile.write(tmp_path / "mix.wav", mixed, 16_000)
    model = {"model": str(shared_data / "models" / "yamnet.tflite")}
    settings = ExtractSettings.model_validate({"whisper": None, "extractors": [], "tagger": model})
    clip = Clip(audio_id="mine/1", dataset="mine", path="mix.wav")
    (result,) = measure_clips([clip], str(tmp_path), settings)
    assert isinstance(result, Features)
    assert result.tagged
    barks = [event for event in result.tagged if event.label in ("Bark", "Dog")]
    first = int(np.argmax(np.abs(bark) > 0.1 * np.abs(bark).max())) / 16_000
    for at in (2.5, 6.0):
        assert min(abs(event.onset_s - at - first) for event in barks) < 0.25
    assert all(isinstance(event, TaggedEvent) and 0.4 <= event.score <= 1 for event in result.tagged)
    labels_alone = ExtractSettings.model_validate(
        {"whisper": None, "extractors": [], "tagger": {**model, "events": None}}
    )
    (result,) = measure_clips([clip], str(tmp_path), labels_alone)
    assert isinstance(result, Features)
    assert result.tagged is None
