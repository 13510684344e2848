"""What lies below a dataset's root instead of the audio that was looked for: for the message about missing audio."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Container
from pathlib import Path

from aig.core.audio_names import AUDIO_SUFFIXES
from aig.datasets_registry.dataset import Dataset
from aig.datasets_registry.files import walk, with_tars

__all__ = ["MUCH", "explain"]

MUCH = 0.2
"""Share of clips without audio from which on it is explained."""

_ARCHIVES = (".zip", ".7z", ".gz", ".tgz", ".bz2", ".xz", ".rar", ".parquet", ".arrow", ".hdf5", ".h5")
_PATTERNS = 4
_LOOKED_AT = 200_000


def explain(dataset: Dataset, root: Path, clips: int, missing: int, used: Container[str] = ()) -> str:
    """A sentence or two: how much audio is missing, under which names it was looked for, what was found instead.

    Args:
        dataset: the dataset.
        root: its folder.
        clips: how many clips its lists have.
        missing: how many of them have no audio.
        used: paths of audio files that clips have, relative to the root; they are not given as examples.
    """
    audio, unused = 0, dict[tuple[str, str], str]()
    others: Counter[str] = Counter()
    example: dict[str, str] = {}
    looked_at = 0
    for folder, names in with_tars(root, walk(root)):
        for name in sorted(names):
            looked_at += 1
            suffix = posixpath.splitext(name)[1].lower()
            kind = ".z01, .z02 …" if suffix[:2] == ".z" and suffix[2:].isdigit() else suffix
            if suffix in AUDIO_SUFFIXES:
                audio += 1
                if folder + name not in used:
                    unused.setdefault((folder, _shape(name)), folder + name)
            elif kind in _ARCHIVES or kind.startswith(".z0"):
                others[kind] += 1
                example.setdefault(kind, folder + name)
        if looked_at > _LOOKED_AT:
            break
    more = "more than " if looked_at > _LOOKED_AT else ""
    said = f"{dataset.name}: {missing:,} of {clips:,} clips have no audio below {root}. "
    if dataset.audio_names:
        said += f"It was looked for as {'; '.join(dataset.audio_names)}. "
    there = f"There are {more}{audio:,} audio files" if audio > 1 else f"There is {audio or 'no'} audio file"
    if unused:
        shown = ", ".join(list(unused.values())[:_PATTERNS])
        return f"{said}{there}; those that are no clip's are called like {shown}."
    if others:
        shown = ", ".join(f"{count:,} {kind} such as {example[kind]}" for kind, count in others.most_common(_PATTERNS))
        return f"{said}{there}; some may be in what is still packed: {shown}."
    return f"{said}{there}, and nothing that is still packed."


def _shape(name: str) -> str:
    """What a name looks like: runs of digits and of letters as one of each."""
    shape = ""
    for letter in name:
        kind = "9" if letter.isdigit() else "a" if letter.isalpha() else letter
        shape += kind if shape[-1:] != kind else ""
    return shape
