"""Sound labels for clips without annotated ones, by an optional tagger: YAMNet, 521 classes of AudioSet."""

from __future__ import annotations

import zipfile
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np

from aig.core.errors import UsageError
from aig.core.extras import missing_extra
from aig.extractors.audio import Samples
from aig.extractors.settings import TaggerSettings

__all__ = ["Tagger", "YamNet", "tagger"]

_PATCH, _HOP = 15_600, 7_680
"""YAMNet hears 0.975 s at a time, here every 0.48 s, in samples at 16 kHz."""


class Tagger(Protocol):
    """Anything that names the sounds of a clip."""

    def tag(self, samples: Samples) -> tuple[str, ...]:
        """Display names of the sounds in mono audio at 16 kHz, the most likely first; empty where it is unsure."""
        ...


@lru_cache(maxsize=1)
def tagger(settings: TaggerSettings) -> Tagger:
    """The tagger of these settings, loaded at the first call in a process and kept."""
    return YamNet(settings)


class YamNet:
    """YAMNet as a LiteRT model file with its label list inside (https://www.kaggle.com/models/google/yamnet)."""

    def __init__(self, settings: TaggerSettings) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise missing_extra("the tagger is not installed", "tagger", "Or leave extract.tagger out.") from error
        file = Path(settings.model).expanduser()
        try:
            with zipfile.ZipFile(file) as metadata:
                self._labels = metadata.read("yamnet_label_list.txt").decode().splitlines()
            self._interpreter = Interpreter(str(file), num_threads=1)
        except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise UsageError(
                f"{file} is not a YAMNet model with its label list: {error}", "Check extract.tagger.model."
            ) from error
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]
        self._settings = settings

    def tag(self, samples: Samples) -> tuple[str, ...]:
        """Labels whose score reaches the threshold, the highest first."""
        scores = self.scores(samples)
        ranked = np.argsort(-scores, kind="stable")[: self._settings.most]
        heard = (self._labels[index] for index in ranked if scores[index] >= self._settings.threshold)
        return tuple(label for label in heard if label != "Silence")

    def scores(self, samples: Samples) -> Samples:
        """Highest score of each class over the patches, 0 to 1: a bark is short and the clip is long."""
        padded = np.pad(samples, (0, max(0, _PATCH - len(samples))))
        scores = []
        for start in range(0, len(padded) - _PATCH + 1, _HOP):
            self._interpreter.set_tensor(self._input, padded[start : start + _PATCH])
            self._interpreter.invoke()
            scores.append(self._interpreter.get_tensor(self._output)[0])
        best: Samples = np.max(scores, axis=0)
        return best
