"""A clip goes that is of a recording of a test set: training on it would make the results there worthless."""

from __future__ import annotations

from collections.abc import Sequence

from aig.core.settings import NameOrFile
from aig.core.source_keys import KeyList
from aig.filters.clips.rule import Rule

__all__ = ["NOT_IN", "HeldOut"]


class HeldOut:
    """Test sets whose recordings are left out, and what came of it.

    Attributes:
        lists: of the test sets.
        clips: how many clips were looked at.
        compared: how many of them have a source key.
        found: by list, how many clips overlap with it.
    """

    def __init__(self, lists: Sequence[KeyList], *, same_recording: bool = False) -> None:
        self.lists = tuple(lists)
        self.clips = 0
        self.compared = 0
        self.found: dict[str, int] = {of.name: 0 for of in lists}
        self._same_recording = same_recording
        self._recordings = frozenset().union(*(of.times for of in lists))

    def reason(self, key: str | None) -> str | None:
        """How a clip overlaps with the first list that it does, or `None`."""
        self.clips += 1
        if key is None:
            return None
        self.compared += 1
        if key.partition("@")[0] not in self._recordings:
            return None
        for of in self.lists:
            if reason := of.overlap(key, same_recording=self._same_recording):
                self.found[of.name] += 1
                return reason
        return None


NOT_IN = Rule("not_in", tuple[NameOrFile, ...], ("source_key",), HeldOut.reason)
"""In a configuration the names of test sets, `None` for those whose lists are on this disk; applied to a `HeldOut`."""
