"""Measuring clips end to end, without a recogniser: one result per clip, in order, and every refusal with its code."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from aig.core.records import Clip, Features, Quarantined
from aig.extractors.measure import extractor_version, measure_clips
from aig.extractors.settings import ExtractSettings

SETTINGS = ExtractSettings(whisper=None)


def clip(path: str | None, **fields: object) -> Clip:
    return Clip(audio_id=f"mine/{path}", dataset="mine", path=path, **fields)


def test_one_result_per_clip_in_order(tmp_path: Path) -> None:
    time = np.arange(16_000) / 16_000
    voice = sum(np.sin(2 * np.pi * 150 * k * time) / k for k in range(1, 20)) * 0.1
    soundfile.write(tmp_path / "voice.wav", voice, 16_000)
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 16_000)
    soundfile.write(tmp_path / "zeros.wav", np.zeros(8_000), 16_000)
    (tmp_path / "text.wav").write_text("no audio at all")
    clips = [clip(name) for name in ("voice.wav", "none.wav", "../out.wav", "lost.wav", "text.wav", None, "zeros.wav")]

    results = list(measure_clips(clips, str(tmp_path), SETTINGS))

    assert [result.audio_id for result in results] == [each.audio_id for each in clips]
    assert [result.error for result in results if isinstance(result, Quarantined)] == [
        "empty_audio",
        "path_outside_root",
        "missing_audio",
        "unreadable_audio",
        "missing_audio",
    ]
    voiced, silent = results[0], results[-1]
    assert isinstance(voiced, Features)
    assert voiced.f0_hz == pytest.approx(150, rel=0.005)
    assert voiced.extractor == extractor_version(SETTINGS)
    assert isinstance(silent, Features)
    assert silent.silent
    assert silent.f0_hz is None
    assert silent.volume_dbfs is None
