"""The features that LTU-AS reads instead of audio: what each layer of Whisper's encoder hears in the first 10 s.

Shape `(layers, 25, width)` in half precision, each of the 25 steps the mean of 0.4 s; for large-v1, which the released
weights want, `(32, 25, 1280)`. As `extract_whisper_feature.py` makes them (https://github.com/YuanGongND/ltu).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from aig.core.errors import DataError
from aig.extractors.audio import read_audio
from aig.extractors.errors import AudioError
from aig.extractors.settings import WhisperSettings
from aig.extractors.whisper.openai_whisper import encoder_layers, load_whisper

__all__ = ["LtuFeatures"]

FRAMES = 1000
POOLED = 20
LONGEST_S = 3600.0


class LtuFeatures:
    """Makes the features of an audio file.

    Args:
        model: name of a Whisper model, or path of its weights.

    Raises:
        UsageError: openai-whisper is not installed, or the model is nowhere to be had.
    """

    def __init__(self, model: str) -> None:
        self._model: Any = load_whisper(WhisperSettings(model=model))

    def __call__(self, file: Path) -> npt.NDArray[np.float16]:
        """The features of a file.

        Raises:
            DataError: it cannot be read.
        """
        try:
            samples = read_audio(file, max_clip_s=LONGEST_S).samples
        except AudioError as error:
            raise DataError(f"{file}: {error.message}", error.advice) from error
        layers = encoder_layers(self._model, samples, FRAMES).half().float()
        count, steps, width = layers.shape
        pooled = layers.reshape(count, steps // POOLED, POOLED, width).mean(dim=2)
        features: npt.NDArray[np.float16] = pooled.half().cpu().numpy()
        return features
