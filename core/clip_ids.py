"""Which ids clips may have: they become names of files, lines of lists and keys, whoever made them up."""

from __future__ import annotations

import unicodedata

__all__ = ["wrong_id"]

_LONGEST = 1024
_REFUSED = {"Cc": "a control character", "Cs": "half a surrogate pair", "Zl": "a line break", "Zp": "a line break"}


def wrong_id(audio_id: str) -> str:
    """What is wrong with an id, `<dataset>/<clip>`; empty where nothing is."""
    if len(audio_id) > _LONGEST:
        return f"it has {len(audio_id):,} characters, more than {_LONGEST:,}"
    if not audio_id.isprintable():
        kinds = map(unicodedata.category, audio_id)
        if kind := next((kind for kind in kinds if kind in _REFUSED), None):
            return f"it holds {_REFUSED[kind]}"
    if "/." in audio_id or "//" in audio_id or audio_id[-1:] == "/":
        parts = audio_id.split("/")
        if any(part in ("", ".", "..") for part in parts):
            return "a part of it is empty, . or .."
    return ""
