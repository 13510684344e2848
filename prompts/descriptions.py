"""Acoustic descriptions of sound classes, ten per class: what a dog or a cello sounds like, in a few words.

They are data in `prompts/data/descriptions/*.jsonl`, one JSON object per line: `{"label", "descriptions"}`.
A label is looked up without regard to case and to `_`, which some datasets write for a space.
"""

from __future__ import annotations

import json
from functools import cache
from importlib import resources

from datasets_registry.errors import UsageError

__all__ = ["descriptions", "known_labels"]


def descriptions(label: str) -> tuple[str, ...]:
    """The descriptions of a sound class; empty where it has none."""
    found = _table().get(_key(label))
    return found[1] if found else ()


def known_labels() -> tuple[str, ...]:
    """The sound classes that are described, as they are written there, in the files' order."""
    return tuple(label for label, _ in _table().values())


@cache
def _table() -> dict[str, tuple[str, tuple[str, ...]]]:
    table: dict[str, tuple[str, tuple[str, ...]]] = {}
    folder = resources.files("prompts") / "data" / "descriptions"
    for file in sorted((entry for entry in folder.iterdir() if entry.name.endswith(".jsonl")), key=lambda f: f.name):
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), start=1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                entry = (str(row["label"]), tuple(str(text) for text in row["descriptions"]))
            except (ValueError, KeyError, TypeError) as error:
                raise UsageError(
                    f"{file.name}, line {number}: {error!r}",
                    'Each line is one JSON object: {"label": "Dog", "descriptions": ["..."]}.',
                ) from None
            table.setdefault(_key(entry[0]), entry)
    return table


def _key(label: str) -> str:
    return " ".join(label.replace("_", " ").split()).casefold()
