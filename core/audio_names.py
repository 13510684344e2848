"""Which files are audio by their names, and such a name without its suffix."""

from __future__ import annotations

import posixpath

__all__ = ["AUDIO_SUFFIXES", "without_suffix"]

AUDIO_SUFFIXES = (".wav", ".flac", ".mp3", ".m4a", ".ogg", ".opus", ".mp4", ".webm", ".mkv", ".aac")
"""What counts as audio, the better for measuring first: where a clip lies in two formats the first is taken."""


def without_suffix(name: str) -> str:
    """A file's name or path without its suffix, if that is one of audio: `river.01.wav` is `river.01`, and stays it."""
    stem, suffix = posixpath.splitext(name)
    return stem if suffix.lower() in AUDIO_SUFFIXES else name
