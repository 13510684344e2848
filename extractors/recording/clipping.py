"""Clipping: the share of the samples that a converter or an amplifier cut off."""

from __future__ import annotations

from aig.extractors.extractor import Absent, Extractor, Recording, Value

__all__ = ["CLIPPED_SHARE"]


def _measure(recording: Recording) -> Value:
    """Share of the samples on flat tops at the clip's highest or lowest level, at the file's own rate, 0 to 1."""
    native = recording.audio.native
    if native is None or not native.samples or recording.volume.dbfs is None:
        return Absent("silent")
    return native.clipped / native.samples


CLIPPED_SHARE = Extractor("clipped_share", _measure)
