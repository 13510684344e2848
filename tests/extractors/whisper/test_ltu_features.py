"""LTU-AS's features are the mean of what each layer of Whisper's encoder gives, of the first 10 s."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from aig.core.errors import DataError
from aig.extractors.whisper.ltu_features import LtuFeatures

torch = pytest.importorskip("torch")
whisper = pytest.importorskip("whisper")

DIMS = {"n_mels": 80, "n_audio_ctx": 500, "n_audio_state": 16, "n_audio_head": 2, "n_audio_layer": 3, "n_vocab": 40}
DIMS |= {"n_text_ctx": 12, "n_text_state": 16, "n_text_head": 2, "n_text_layer": 1}


@pytest.mark.parametrize("seconds", [0.5, 12.0])
def test_they_are_the_layers_of_the_encoder(tmp_path: Path, seconds: float) -> None:
    torch.manual_seed(0)
    model = whisper.model.Whisper(whisper.model.ModelDimensions(**DIMS))
    torch.save({"dims": DIMS, "model_state_dict": model.state_dict()}, tmp_path / "small.pt")
    samples = np.random.default_rng(0).normal(0, 0.1, round(seconds * 16_000))
    soundfile.write(tmp_path / "a.wav", samples, 16_000, subtype="FLOAT")
    features = LtuFeatures(str(tmp_path / "small.pt"))(tmp_path / "a.wav")
    assert (features.shape, features.dtype) == ((3, 25, 16), np.float16)

    # The encoder itself takes 1000 frames here, as its positions say.
    heard: list[np.ndarray] = []
    for block in model.encoder.blocks:
        block.register_forward_hook(lambda _block, _given, out: heard.append(out[0].numpy()))
    mel = whisper.log_mel_spectrogram(torch.from_numpy(samples.astype(np.float32)), 80)
    with torch.inference_mode():
        model.encoder(whisper.pad_or_trim(mel, 1000)[None])
    expected = np.stack([layer.reshape(25, 20, 16).mean(axis=1) for layer in heard])
    np.testing.assert_allclose(features, expected, atol=0.01)
    with pytest.raises(DataError, match=r"b\.wav"):
        LtuFeatures(str(tmp_path / "small.pt"))(tmp_path / "b.wav")
