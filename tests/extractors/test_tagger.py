"""The optional tagger: it names sounds of clips without labels, and a wrong model file is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from aig.core.errors import UsageError
from aig.core.records import Clip, Features
from aig.extractors.measure import measure_clips
from aig.extractors.settings import ExtractSettings, TaggerSettings
from aig.extractors.tagger import tagger

pytest.importorskip("ai_edge_litert")


def test_real_sounds_get_their_names(shared_data: Path) -> None:
    model = shared_data / "models" / "yamnet.tflite"
    settings = ExtractSettings.model_validate({"whisper": None, "tagger": {"model": str(model)}})
    expected = {"rooster": "Chicken, rooster", "chainsaw": "Chainsaw", "dog_bark": "Bark", "rain": "Rain"}
    root = shared_data / "audio" / "sounds"
    for word, label in expected.items():
        (file,) = root.glob(f"esc10_{word}_*")
        clip = Clip(audio_id=f"mine/{word}", dataset="mine", path=file.name)
        (result,) = measure_clips([clip], str(root), settings)
        assert isinstance(result, Features)
        assert result.sounds
        assert label in result.sounds
        assert "Silence" not in result.sounds


def test_annotated_clips_are_not_tagged(shared_data: Path) -> None:
    settings = ExtractSettings.model_validate(
        {"whisper": None, "tagger": {"model": str(shared_data / "models" / "yamnet.tflite")}}
    )
    root = shared_data / "audio" / "sounds"
    (file,) = root.glob("esc10_rooster_*")
    clip = Clip(audio_id="mine/r", dataset="mine", path=file.name, labels=("Rooster",))
    (result,) = measure_clips([clip], str(root), settings)
    assert isinstance(result, Features)
    assert result.sounds is None


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.tflite").write_bytes(b"no model")
    for name in ("model.tflite", "missing.tflite"):
        with pytest.raises(UsageError, match=name):
            tagger(TaggerSettings.model_validate({"model": str(tmp_path / name)}))
