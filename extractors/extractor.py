"""What an extractor is: a recording in, one value out, or the reason why there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from aig.core.records import Clip
from aig.extractors.audio import Audio, Samples
from aig.extractors.pitch import PitchTrack
from aig.extractors.speed import Span
from aig.extractors.volume import Volume

__all__ = ["Absent", "Extractor", "Recording", "Value"]


@dataclass(frozen=True, slots=True)
class Absent:
    """There is no value, and why."""

    reason: str


Value = float | str | Absent


@dataclass(frozen=True, slots=True, eq=False)
class Recording:
    """What an extractor may look at.

    Attributes:
        clip: what is annotated.
        audio: as decoded: mono at 16 kHz, and what was noted of the file's own samples.
        volume: of the samples.
        track: fundamental frequency where somebody speaks; `None` where nobody does.
        f0_hz: its mean; `None` where there is none.
        spans: where somebody speaks, in seconds; empty where nobody does. Without a recogniser all that is voiced
            counts as speech, music too.
        sounds: what a tagger heard; `None` without one.
        found: the values of the extractors before this one, by name; an absent one is not there.
    """

    clip: Clip
    audio: Audio
    volume: Volume
    track: PitchTrack | None = None
    f0_hz: float | None = None
    spans: Sequence[Span] = ()
    sounds: Sequence[str] | None = None
    found: dict[str, float | str] = field(default_factory=dict)

    @property
    def samples(self) -> Samples:
        """Mono at 16 kHz."""
        return self.audio.samples


@dataclass(frozen=True, slots=True)
class Extractor:
    """A measurement of a recording.

    Attributes:
        name: of its value: a field of `aig.core.records.Features`, or of one's own.
        measure: the value, in the unit that the name ends in; text where it is a name; `Absent` where there is none.
    """

    name: str
    measure: Callable[[Recording], Value]
