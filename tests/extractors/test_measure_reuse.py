"""Earlier features: a changed setting measures again only what depends on it, on the same audio only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import soundfile

from aig.core.records import Clip, Features, Word
from aig.core.tables import from_batch, to_table
from aig.extractors import measure, version
from aig.extractors.audio import Samples
from aig.extractors.levels import load_levels
from aig.extractors.measure import extractor_version, measure_clips
from aig.extractors.settings import ExtractSettings
from aig.extractors.version import Parts, parts
from aig.extractors.whisper.recogniser import Decoded
from helpers.voices import RATE, vowel

BASE = ExtractSettings.model_validate({"whisper": {"model": "tiny.en"}})


class Recogniser:
    """Says the same of everything, and counts how often it is asked."""

    together = 8

    def __init__(self) -> None:
        self.windows = 0

    def decode(self, batch: Sequence[Samples], temperature: float, *, whole: bool) -> list[Decoded]:
        self.windows += len(batch)
        words = (Word("one", 0.1, 0.6), Word("two", 0.7, 1.2), Word("three", 1.3, 1.9))
        return [Decoded("one two three", words, 0.1, -0.2, "en")] * len(batch)


@pytest.fixture
def recogniser(monkeypatch: pytest.MonkeyPatch) -> Recogniser:
    fake = Recogniser()
    monkeypatch.setattr(measure, "backend", lambda settings: fake)
    return fake


@pytest.fixture
def clip(tmp_path: Path) -> Clip:
    soundfile.write(tmp_path / "a.wav", vowel(150, 2.0), RATE)
    return Clip(audio_id="mine/a", dataset="mine", path="a.wav", gender="male")


def measured(clip: Clip, root: Path, settings: ExtractSettings, known: Features | None = None) -> Features:
    (result,) = measure_clips([clip], str(root), settings, {known.audio_id: known} if known else None)
    assert isinstance(result, Features)
    return result


def changed(**sections: object) -> ExtractSettings:
    return ExtractSettings.model_validate(BASE.model_dump() | sections)


def whisper(**fields: object) -> dict[str, object]:
    assert BASE.whisper is not None
    return BASE.whisper.model_dump() | fields


def differing(settings: ExtractSettings) -> set[str]:
    return {name for name in Parts._fields if getattr(parts(settings), name) != getattr(parts(BASE), name)}


def test_each_setting_changes_only_what_depends_on_it(tmp_path: Path) -> None:
    from aig.extractors.calibrate import Quantiles, fit, to_yaml

    other = fit(load_levels(), {"speed": Quantiles(99, (1, 2, 3, 4))}, {}, ["mine"]).levels
    (tmp_path / "levels.yaml").write_text(to_yaml(other))
    assert differing(changed(levels=str(tmp_path / "levels.yaml"))) == {"levels"}
    assert differing(changed(pitch={"floor_hz": 70})) == {"signal", "recording"}
    assert differing(changed(max_pause_s=1.0)) == {"signal", "recording"}
    assert differing(changed(whisper=whisper(model="base.en"))) == {"transcript", "signal", "recording"}
    assert differing(changed(tagger={"model": "yamnet.tflite"})) == {"sounds"}
    assert differing(changed(extractors=("snr_db",))) == {"recording"}
    for decoding in ({"context": "whole"}, {"int8": False}, {"temperatures": (0.0,)}):
        assert differing(changed(whisper=whisper(**decoding))) == {"transcript", "signal", "recording"}
    for speed_only in ({"device": "cuda"}, {"batch": 4}, {"download": False}):
        assert differing(changed(whisper=whisper(**speed_only))) == set()


@pytest.mark.parametrize("backend", ["openai-whisper", "faster-whisper"])
def test_transcripts_of_the_whole_window_keep_the_version_they_had(backend: str) -> None:
    before = {
        "backend": backend,
        "model": "tiny.en",
        "language": None,
        "word_times": True,
        "temperatures": [0.0, 0.4, 0.8],
    }
    settings = changed(whisper=whisper(backend=backend, context="whole", int8=False))
    assert parts(settings).transcript == version._hash("transcript", before, 600.0)


def test_the_version_holds_no_machine_path(tmp_path: Path) -> None:
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "model.pt").write_bytes(b"")
    here, there = (changed(whisper=whisper(model=str(tmp_path / f / "model.pt"))) for f in ("here", "there"))
    assert extractor_version(here) == extractor_version(there)


def test_other_levels_need_no_audio(tmp_path: Path, clip: Clip, recogniser: Recogniser) -> None:
    first = measured(clip, tmp_path, BASE)
    assert first.speed_level == "very slow"
    from aig.extractors.calibrate import Quantiles, fit, to_yaml

    other = fit(load_levels(), {"speed": Quantiles(99, (0.5, 0.6, 0.7, 0.8))}, {}, ["mine"]).levels
    (tmp_path / "levels.yaml").write_text(to_yaml(other))
    settings = changed(levels=str(tmp_path / "levels.yaml"))
    (tmp_path / "a.wav").unlink()
    second = measured(clip, tmp_path, settings, first)
    assert second == replace(first, speed_level="very fast", extractor=extractor_version(settings))
    assert recogniser.windows == 1


def test_another_pitch_range_keeps_the_transcript(tmp_path: Path, clip: Clip, recogniser: Recogniser) -> None:
    first = measured(clip, tmp_path, BASE)
    (read_back,) = from_batch(to_table([first], Features).to_batches()[0], Features)
    settings = changed(pitch={"floor_hz": 200.0})
    second = measured(clip, tmp_path, settings, read_back)
    assert recogniser.windows == 1
    assert second.words == first.words
    assert second.f0_hz != first.f0_hz
    assert second == measured(clip, tmp_path, settings)


def test_another_recording_under_the_same_name_is_heard_anew(
    tmp_path: Path, clip: Clip, recogniser: Recogniser
) -> None:
    first = measured(clip, tmp_path, BASE)
    soundfile.write(tmp_path / "a.wav", vowel(250, 2.0), RATE)
    measured(clip, tmp_path, changed(pitch={"floor_hz": 70.0}), first)
    assert recogniser.windows == 2


def test_another_model_is_asked_anew(tmp_path: Path, clip: Clip, recogniser: Recogniser) -> None:
    first = measured(clip, tmp_path, BASE)
    measured(clip, tmp_path, changed(whisper=whisper(model="base.en")), first)
    assert recogniser.windows == 2


def test_features_of_another_form_are_measured_anew(tmp_path: Path, clip: Clip, recogniser: Recogniser) -> None:
    first = measured(clip, tmp_path, BASE)
    assert measured(clip, tmp_path, BASE, replace(first, extractor="abc", f0_hz=1.0)) == first


def test_the_batch_does_not_change_the_result(tmp_path: Path, recogniser: Recogniser) -> None:
    clips = []
    for index in range(5):
        soundfile.write(tmp_path / f"{index}.wav", vowel(100 + 30 * index, 2.0), RATE)
        clips.append(Clip(audio_id=f"mine/{index}", dataset="mine", path=f"{index}.wav"))
    clips.insert(2, Clip(audio_id="mine/lost", dataset="mine", path="lost.wav"))
    together = list(measure_clips(clips, str(tmp_path), BASE))
    alone = [next(iter(measure_clips([clip], str(tmp_path), BASE))) for clip in clips]
    in_threes = list(measure_clips(clips, str(tmp_path), changed(whisper=whisper(batch=3))))
    assert together == alone == in_threes
    assert [result.audio_id for result in together] == [clip.audio_id for clip in clips]
