"""From a tagger's scores, frame by frame, to events: which sound begins when and ends when, and how sure that is.

A class begins where its score, smoothed over neighbouring frames, reaches its threshold, and ends where it falls below
a lower one (hysteresis), so that a score which trembles about a bound makes one event and not ten. Events that are too
short are left out. A frame is a second long, so each end is moved to the nearest sharp rise or fall of the sound,
where there is one.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from aig.core.records import TaggedEvent
from aig.extractors.audio import Samples
from aig.extractors.settings import TaggerEventSettings

__all__ = ["tagged_events"]

Levels = npt.NDArray[np.float64]

_RATE = 16_000
_STEP_S = 0.02
_SIDE_STEPS = 5
"""The level of a tenth of a second on either side is compared, in steps of the envelope."""

_NEAR_S = 0.5
_SHARP_DB = 6.0
"""The least change in decibels, and the farthest in seconds, to which an end is moved."""

_FLOOR = 1e-5


def tagged_events(
    scores: Samples,
    labels: Sequence[str],
    samples: Samples,
    settings: TaggerEventSettings,
    *,
    hop_s: float,
    frame_s: float,
) -> tuple[TaggedEvent, ...]:
    """The events of a clip, by onset.

    Args:
        scores: of frames by classes, each 0 to 1; the shape is (frames, classes).
        labels: display names of the classes.
        samples: the clip at 16 kHz, mono.
        settings: thresholds and lengths.
        hop_s: from the start of a frame to that of the next, in seconds.
        frame_s: length of a frame, in seconds.
    """
    duration_s = len(samples) / _RATE
    if not len(scores) or duration_s < settings.min_s:
        return ()
    smooth = _smoothed(scores, settings.smooth_frames)
    centres = np.arange(len(scores)) * hop_s + frame_s / 2
    changes = _changes(samples)
    found: list[TaggedEvent] = []
    for index in np.flatnonzero(smooth.max(axis=0) >= min((settings.threshold, *settings.thresholds.values()))):
        label = labels[int(index)]
        threshold = settings.thresholds.get(label, settings.threshold)
        if label == "Silence":
            continue
        for first, last in _runs(smooth[:, index], threshold, threshold * settings.release):
            begins = first == 0 and scores[0, index] >= threshold
            ends = last == len(scores) - 1 and scores[-1, index] >= threshold
            onset = _moved(float(centres[first]) - hop_s / 2, changes, 1, otherwise=0.0 if begins else None)
            offset = _moved(float(centres[last]) + hop_s / 2, changes, -1, otherwise=duration_s if ends else None)
            offset = min(offset, duration_s)
            if offset - onset >= settings.min_s:
                score = float(scores[first : last + 1, index].max())
                found.append(TaggedEvent(label, round(max(onset, 0.0), 2), round(offset, 2), round(score, 3)))
    return tuple(sorted(found, key=lambda event: (event.onset_s, event.offset_s, event.label)))


def _smoothed(scores: Samples, frames: int) -> Samples:
    """The mean of each frame with its neighbours, but never less than half its own score: a bark fills one frame."""
    if frames <= 1 or len(scores) < frames:
        return scores
    half = frames // 2
    padded = np.pad(scores, ((half, half), (0, 0)), mode="edge")
    mean = np.mean([padded[start : start + len(scores)] for start in range(frames)], axis=0)
    smoothed: Samples = np.maximum(mean, np.where(scores >= 2 * mean, scores * 0.9, 0.0))
    return smoothed


def _runs(scores: Samples, begin: float, end: float) -> list[tuple[int, int]]:
    """First and last frame of each stretch that reaches `begin` and stays above `end` around it."""
    above = scores >= end
    edges = np.flatnonzero(np.diff(np.concatenate(([0], above.astype(np.int8), [0]))))
    return [(int(start), int(stop) - 1) for start, stop in edges.reshape(-1, 2) if scores[start:stop].max() >= begin]


def _changes(samples: Samples) -> Levels:
    """By step of the envelope, by how many decibels the sound is louder after it than before it."""
    step = int(_STEP_S * _RATE)
    count = len(samples) // step
    if count < 2 * _SIDE_STEPS + 1:
        return np.zeros(count)
    power = np.square(samples[: count * step].astype(np.float64)).reshape(count, step).mean(axis=1)
    sums = np.concatenate(([0.0], np.cumsum(power)))
    side = (sums[_SIDE_STEPS:] - sums[:-_SIDE_STEPS]) / _SIDE_STEPS
    level = 10 * np.log10(side + _FLOOR**2)
    changes = np.zeros(count)
    changes[_SIDE_STEPS : count - _SIDE_STEPS + 1] = level[_SIDE_STEPS:] - level[:-_SIDE_STEPS]
    return changes


def _moved(at_s: float, changes: Levels, sign: int, *, otherwise: float | None) -> float:
    """A time moved to the sharpest rise (`sign` 1) or fall (-1) near it; `otherwise`, or as it is, if none is sharp."""
    low = max(0, int((at_s - _NEAR_S) / _STEP_S))
    near = sign * changes[low : int((at_s + _NEAR_S) / _STEP_S) + 1]
    if not len(near) or near.max() < _SHARP_DB:
        return max(0.0, at_s) if otherwise is None else otherwise
    return float((low + int(near.argmax())) * _STEP_S)
