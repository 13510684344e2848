"""The version of a measurement: a hash per part, so that a changed setting recomputes only what depends on it.

`Features.extractor` reads `<signal>-<transcript>-<sounds>-<levels>-<recording>`, eight hexadecimal digits each.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from aig.core.plugins import is_reference, source_hash
from aig.extractors.levels import load_levels
from aig.extractors.settings import ExtractSettings

__all__ = ["Parts", "extractor_version", "parts"]

REVISIONS = {"signal": 4, "transcript": 1, "sounds": 2, "levels": 1, "recording": 1}
"""Raised whenever the code of a part measures something else than before."""


class Parts(NamedTuple):
    """One hash per part."""

    signal: str
    transcript: str
    sounds: str
    levels: str
    recording: str = ""

    def __str__(self) -> str:
        return "-".join(self)

    @classmethod
    def of(cls, extractor: str) -> Parts | None:
        """The parts of a `Features.extractor`; `None` where it has another form.

        Rows of an earlier version have no part for the recording.
        """
        hashes = extractor.split("-")
        return cls(*hashes) if len(cls._fields) - 1 <= len(hashes) <= len(cls._fields) else None


def extractor_version(settings: ExtractSettings) -> str:
    """What `Features.extractor` of an up-to-date row reads, for these settings."""
    return str(parts(settings))


def parts(settings: ExtractSettings) -> Parts:
    """The hash of each part; the signal part, in which pitch is taken where the words are, depends on the words."""
    whisper, tagger = settings.whisper, settings.tagger
    speech: dict[str, Any] = {}
    if whisper:
        speech = whisper.model_dump(exclude={"device", "batch", "download", "half"})
        speech["model"] = _identity(whisper.model)
        # Left out where it means what was done before there was a choice, so that those transcripts still count.
        if whisper.context == "whole":
            del speech["context"]
        if not whisper.int8:
            del speech["int8"]
    transcript = _hash("transcript", speech, settings.audio.max_clip_s)
    signal = _hash("signal", settings.pitch.model_dump(), settings.audio.model_dump(), settings.max_pause_s, transcript)
    measured = sorted(settings.extractors)
    return Parts(
        signal=signal,
        transcript=transcript,
        sounds=_hash("sounds", tagger.model_dump() | {"model": _identity(tagger.model)} if tagger else {}),
        levels=_hash("levels", load_levels(settings.levels).model_dump(), _sources(settings.scales)),
        recording=_hash("recording", measured, _sources(filter(is_reference, measured)), signal),
    )


def _sources(references: Iterable[str]) -> list[list[str]]:
    """One's own modules with a hash of their source, so that a change in them is noticed."""
    return [[reference, source_hash(reference)] for reference in references]


def _identity(model: str) -> str:
    """A model's name; for a file or folder the last part of its path, so that the version holds no machine's path."""
    path = Path(model)
    return path.name if path.exists() else model


def _hash(part: str, *content: Any) -> str:
    text = json.dumps([part, REVISIONS[part], *content], sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:8]
