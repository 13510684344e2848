"""The voice of a clip: pitch and speed, measured where speech was recognised, or wherever there is voice."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from aig.extractors.audio import Samples
from aig.extractors.pitch import PitchTrack, f0_track, mean_f0_hz, too_high
from aig.extractors.settings import ExtractSettings
from aig.extractors.speed import Span, spoken_spans, syllables_per_s, voiced_spans, words_per_s
from aig.extractors.volume import HOP_S, Volume
from aig.extractors.whisper.transcript import Transcript

__all__ = ["NO_SPEECH", "Voice", "measure_voice"]

_SAME_BREATH_S = 0.5
"""Pitch is taken across shorter pauses between words, in seconds; what sounds in longer ones is not the speaker."""


@dataclass(frozen=True, slots=True, eq=False)
class Voice:
    """What is known of the voice; see `aig.core.records.Features` for the fields.

    Attributes:
        track: fundamental frequency over time; `None` where nobody speaks.
        spans: where somebody speaks, in seconds.
    """

    f0_hz: float | None
    f0_reason: str | None
    words_per_s: float | None
    syllables_per_s: float | None
    track: PitchTrack | None = None
    spans: Sequence[Span] = ()


NO_SPEECH = Voice(None, "no speech: the transcript is a hallucination", None, None)
"""Of a clip whose transcript is a hallucination: it tells nothing of a voice."""


def measure_voice(samples: Samples, volume: Volume, transcript: Transcript | None, settings: ExtractSettings) -> Voice:
    """Measures pitch and speed.

    Args:
        samples: mono at 16 kHz.
        volume: of the same samples.
        transcript: `None` where nobody listened: then all that is voiced counts as speech.
        settings: ranges and bounds.
    """
    if transcript is not None and not transcript.heard_speech:
        return Voice(None, "no speech was recognised", None, None)
    words = transcript.words if transcript else ()
    where = spoken_spans(words, volume, _SAME_BREATH_S) if words else None
    track = f0_track(samples, settings.pitch, where)
    heard = volume.active
    if where is not None:
        heard = heard & np.any([(volume.times_s >= start) & (volume.times_s <= end) for start, end in where], axis=0)
    f0, reason = mean_f0_hz(track, float(heard.sum()) * HOP_S, settings.pitch)
    if f0 is not None and (high := too_high(samples, track, settings.pitch, where)):
        f0, reason = None, high
    spoken = spoken_spans(words, volume, settings.max_pause_s) if words else voiced_spans(track, settings.max_pause_s)
    return Voice(
        f0_hz=f0,
        f0_reason=reason,
        words_per_s=words_per_s(words, spoken),
        syllables_per_s=syllables_per_s(volume, track, spoken) if f0 is not None else None,
        track=track,
        spans=spoken if words or f0 is not None else (),
    )
