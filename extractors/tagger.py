"""Sound labels for clips without annotated ones, by an optional tagger: YAMNet, 521 classes of AudioSet."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from aig.core.errors import UsageError
from aig.core.extras import missing_extra
from aig.core.records import TaggedEvent
from aig.extractors.audio import Samples
from aig.extractors.settings import TaggerSettings
from aig.extractors.tagged_events import tagged_events

__all__ = ["Tagger", "Tags", "YamNet", "tagger"]

_PATCH, _HOP = 15_600, 3_840
"""YAMNet hears 0.975 s at a time, here every 0.24 s, in samples at 16 kHz."""

_RATE = 16_000


@dataclass(frozen=True, slots=True)
class Tags:
    """What a tagger heard.

    Attributes:
        sounds: display names, the most likely first; empty where it is unsure.
        events: sounds with their times, by onset; `None` where it was not asked for them.
    """

    sounds: tuple[str, ...]
    events: tuple[TaggedEvent, ...] | None


class Tagger(Protocol):
    """Anything that names the sounds of a clip."""

    def tag(self, samples: Samples) -> Tags:
        """The sounds in mono audio at 16 kHz."""
        ...


_LOADED: dict[str, Tagger] = {}


def tagger(settings: TaggerSettings) -> Tagger:
    """The tagger of these settings, loaded at the first call in a process and kept."""
    key = settings.model_dump_json()
    if key not in _LOADED:
        _LOADED.clear()
        _LOADED[key] = YamNet(settings)
    return _LOADED[key]


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

    def tag(self, samples: Samples) -> Tags:
        """Labels whose highest score reaches the threshold, the highest first: a bark is short and the clip is long.

        And the events of the same classes, where they are wanted.
        """
        scores = self.scores(samples)
        best = scores.max(axis=0)
        ranked = np.argsort(-best, kind="stable")[: self._settings.most]
        heard = (self._labels[index] for index in ranked if best[index] >= self._settings.threshold)
        sounds = tuple(label for label in heard if label != "Silence")
        wanted = self._settings.events
        if wanted is None:
            return Tags(sounds, None)
        events = tagged_events(scores, self._labels, samples, wanted, hop_s=_HOP / _RATE, frame_s=_PATCH / _RATE)
        return Tags(sounds, tuple(event for event in events if event.label in sounds))

    def scores(self, samples: Samples) -> Samples:
        """The score of each class, 0 to 1, in each patch; the shape is (patches, classes)."""
        padded = np.pad(samples, (0, max(0, _PATCH - len(samples))))
        scores = []
        for start in range(0, len(padded) - _PATCH + 1, _HOP):
            self._interpreter.set_tensor(self._input, padded[start : start + _PATCH])
            self._interpreter.invoke()
            scores.append(self._interpreter.get_tensor(self._output)[0])
        every: Samples = np.array(scores)
        return every
