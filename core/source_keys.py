"""Where a clip was taken from, as a key that clips of different datasets share: `youtube:<id>@30-40`, `freesound:123`.

Datasets are cut from the same few places, so a clip of one may be a test clip of another. The key says the place, the
owners' id there and, for a part of a longer recording, its times in seconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

__all__ = ["KeyList", "freesound_key", "parse_key", "youtube_key"]

Times = tuple[float, float]

_KEY = re.compile(r"([a-z][a-z0-9_]*:[^\s@]+)(?:@(\d+(?:\.\d+)?)-(\d+(?:\.\d+)?))?")
_YOUTUBE = re.compile(r"youtube:[A-Za-z0-9_-]{11}")
_FREESOUND = re.compile(r"freesound:\d+")


def youtube_key(video: str, start_s: float | None = None, end_s: float | None = None) -> str:
    """The key of a part of a video, or of the whole of it without times."""
    times = "" if start_s is None or end_s is None else f"@{_seconds(start_s)}-{_seconds(end_s)}"
    return f"youtube:{video}{times}"


def freesound_key(number: str | int) -> str:
    """The key of a recording of Freesound, by its number."""
    return f"freesound:{number}"


def _seconds(value: float) -> str:
    """Seconds with at most three decimals."""
    return f"{value:.3f}".rstrip("0").rstrip(".")


def parse_key(text: str) -> tuple[str, Times | None]:
    """A key's recording (`youtube:<id>`) and its times in seconds, `None` for the whole of it.

    Raises:
        ValueError: it is not a valid key; the message says what one looks like.
    """
    match = _KEY.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not a valid source key such as youtube:<id>, youtube:<id>@30-40, freesound:123")
    recording = match[1]
    for place, pattern in (("youtube", _YOUTUBE), ("freesound", _FREESOUND)):
        if recording.startswith(f"{place}:") and not pattern.fullmatch(recording):
            raise ValueError(f"{recording.partition(':')[2]!r} is not a valid id of {place}")
    if match[2] is None:
        return recording, None
    start, end = float(match[2]), float(match[3])
    if end <= start:
        raise ValueError(f"{text!r} ends at {end:g} s, not after its start")
    return recording, (start, end)


@dataclass(frozen=True, slots=True)
class KeyList:
    """The source keys of a test set.

    Attributes:
        name: what users call it, such as `audiocaps/test`.
        times: by recording the parts of it that are in the set; a recording without parts is in it as a whole.
    """

    name: str
    times: Mapping[str, tuple[Times, ...]]

    @classmethod
    def of(cls, name: str, keys: Iterable[str]) -> KeyList:
        """A list of keys.

        Raises:
            ValueError: one of them is not a valid key.
        """
        found: dict[str, dict[Times, None]] = {}
        whole: set[str] = set()
        for key in keys:
            recording, times = parse_key(key)
            parts = found.setdefault(recording, {})
            if times is None:
                whole.add(recording)
            else:
                parts[times] = None
        return cls(name, {of: () if of in whole else tuple(parts) for of, parts in found.items()})

    def __len__(self) -> int:
        """How many clips are in it."""
        return sum(max(1, len(parts)) for parts in self.times.values())

    def overlap(self, key: str, *, same_recording: bool = False) -> str | None:
        """How a clip overlaps with the set, or `None`.

        Two parts of a recording overlap where they share time; where either has no times, they are taken to overlap.

        Args:
            key: of the clip.
            same_recording: another part of the same recording counts too.
        """
        recording, times = parse_key(key)
        parts = self.times.get(recording)
        if parts is None:
            return None
        if not parts or times is None:
            return f"{recording} is on the list {self.name}"
        shared = [part for part in parts if part[0] < times[1] and times[0] < part[1]]
        if shared:
            return f"{recording} from {_span(times)} shares time with {_span(shared[0])} of the list {self.name}"
        if same_recording:
            return f"{recording} from {_span(times)} is of the recording of {_span(parts[0])} of the list {self.name}"
        return None


def _span(times: Times) -> str:
    return f"{_seconds(times[0])} to {_seconds(times[1])} s"
