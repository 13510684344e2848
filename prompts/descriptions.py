"""Acoustic descriptions of sound classes, ten per class: what a dog or a cello sounds like, in a few words.

They are data in `prompts/data/descriptions/*.jsonl`, one JSON object per line: `{"label", "descriptions"}`; a file of
one's own, as `aig prompts describe` writes it, takes precedence. A label is looked up without regard to case and to
`_`, which some datasets write for a space.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path

from aig.core.errors import UsageError

__all__ = ["descriptions", "known_labels", "own_descriptions_version"]


def descriptions(label: str, own_file: str | None = None) -> tuple[str, ...]:
    """The descriptions of a sound class; empty where it has none.

    Args:
        label: of the class.
        own_file: a JSON Lines file of one's own, looked into first.

    Raises:
        UsageError: the file cannot be read, or a line of it is not a valid description.
    """
    key = _key(label)
    own = _own(own_file).get(key) if own_file else None
    return (own or _packaged().get(key, ("", ())))[1]


def known_labels() -> tuple[str, ...]:
    """The sound classes that are described in the package, as they are written there, in the files' order."""
    return tuple(label for label, _ in _packaged().values())


def own_descriptions_version(own_file: str | None) -> str:
    """Hash of a user's description file, part of what decides whether pairs are up to date; empty without one."""
    return hashlib.sha256(_text(own_file).encode()).hexdigest() if own_file else ""


@cache
def _packaged() -> dict[str, tuple[str, tuple[str, ...]]]:
    table: dict[str, tuple[str, tuple[str, ...]]] = {}
    folder = resources.files("aig.prompts") / "data" / "descriptions"
    for file in sorted((entry for entry in folder.iterdir() if entry.name.endswith(".jsonl")), key=lambda f: f.name):
        for label, texts in _rows(file.read_text(encoding="utf-8"), file.name):
            table.setdefault(_key(label), (label, texts))
    return table


@cache
def _own(file: str) -> dict[str, tuple[str, tuple[str, ...]]]:
    return {_key(label): (label, texts) for label, texts in _rows(_text(file), file)}


def _text(file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"cannot read the descriptions {file}: {error}", "Fix `generate.questions.description_file`."
        ) from None


def _rows(text: str, name: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            label, texts = row["label"], row["descriptions"]
            if not isinstance(label, str) or not texts or not all(isinstance(text, str) and text for text in texts):
                raise ValueError("a label and a list of texts are wanted")
        except (ValueError, KeyError, TypeError) as error:
            raise UsageError(
                f"{name}, line {number}: {error!r}",
                'Each line is one JSON object: {"label": "Dog", "descriptions": ["sharp and repeated", "..."]}.',
            ) from None
        yield label, tuple(texts)


def _key(label: str) -> str:
    return " ".join(label.replace("_", " ").split()).casefold()
