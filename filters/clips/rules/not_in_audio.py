"""A clip goes that sounds like one of a folder of test audio: for test sets whose clips have no ids of their own."""

from __future__ import annotations

from collections.abc import Iterable

from aig.core.settings import RelativePath
from aig.filters.clips.rule import Rule
from aig.filters.clips.sound_copies import KnownSound, SoundIndex

__all__ = ["NOT_IN_AUDIO", "HeldOutAudio"]


class HeldOutAudio:
    """The sounds of test sets, and what came of holding clips against them.

    Attributes:
        index: the sounds.
        clips: how many clips were looked at.
        exact: how many have the very samples of one.
        near: how many are another copy of one.
        too_short: how many are too short or too quiet for any but an exact copy to be found.
    """

    def __init__(self, sounds: Iterable[KnownSound]) -> None:
        self.index = SoundIndex(tuple(sounds))
        self.clips = self.exact = self.near = self.too_short = 0

    def reason(self, content: str | None, fingerprint: bytes | None) -> str | None:
        """Of which test sound a clip is a copy, or `None`."""
        self.clips += 1
        if content is not None and (name := self.index.contents.get(content)):
            self.exact += 1
            return f"has the same samples as {name}"
        if fingerprint is None:
            self.too_short += 1
            return None
        copy = self.index.find(fingerprint)
        if copy is None:
            return None
        self.near += 1
        where = f"from {copy.start_s:.1f} s on" if copy.start_s >= 0 else f"from {-copy.start_s:.1f} s before it on"
        return f"is a copy of {copy.name} {where}: {copy.different:.0%} of the bits of {copy.shared_s:.1f} s differ"


NOT_IN_AUDIO = Rule(
    "not_in_audio", tuple[RelativePath, ...], ("content", "fingerprint"), HeldOutAudio.reason, default=()
)
"""In a configuration the folders of test audio; applied to a `HeldOutAudio`."""
