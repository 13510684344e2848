"""Names from outside, of clips and files: which may be used, and how any is shown."""

from __future__ import annotations

import unicodedata

__all__ = ["as_text", "is_text", "wrong_id"]

_LONGEST = 1024
_REFUSED = {"Cc": "a control character", "Cs": "half a surrogate pair", "Zl": "a line break", "Zp": "a line break"}


def wrong_id(audio_id: str) -> str:
    """What is wrong with a clip's id, `<dataset>/<clip>`; empty where nothing is.

    Ids become names of files, lines of lists and keys.
    """
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


def is_text(name: str | None) -> bool:
    """Whether a file's name can be written as UTF-8; on Linux it may hold any bytes."""
    try:
        return name is None or name.isascii() or bool(name.encode())
    except UnicodeEncodeError:
        return False


def as_text(name: str) -> str:
    r"""The name with what is not UTF-8 in it as `\udc80`, so that it can be written and printed."""
    return name.encode("utf-8", "backslashreplace").decode()
