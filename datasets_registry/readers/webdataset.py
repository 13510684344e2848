"""Tars in WebDataset's form, read in place: files of one key are one sample, its audio and what is told of it."""

from __future__ import annotations

import posixpath
import tarfile
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from aig.core.audio_names import AUDIO_SUFFIXES
from aig.core.members import tar_members
from aig.datasets_registry.text.text_rows import MalformedRowError, json_object

__all__ = ["tar_rows"]

_TEXTS = ("txt", "cls")
_MOST = 1 << 20
"""Bytes of an annotation; what is longer is not one."""

Place = tuple[str, int, int]


def tar_rows(file: Path, place: str) -> Iterator[tuple[int, Mapping[str, Any] | MalformedRowError]]:
    """Samples of a tar with their number from 1, by column name.

    The columns are the keys of a sample's `json`, `text` for its `txt`, `cls` for its `cls`; `audio_id` is its key
    where nothing else is given. Other members, such as pictures, are left out.

    Args:
        file: the tar, not packed.
        place: its path in the clips' paths.
    """
    number = 0
    try:
        with file.open("rb") as stream:
            for number, (key, group) in enumerate(groupby(tar_members(file), lambda one: _key(one[0])), start=1):
                try:
                    yield number, _sample(key, list(group), stream, place)
                except MalformedRowError as error:
                    yield number, error
    except (tarfile.TarError, OSError, EOFError) as error:
        yield (
            number + 1,
            MalformedRowError(
                f"the tar cannot be read further: {error}",
                code="malformed_file",
                advice="Download it again; a packed tar (.tar.gz) must be unpacked first.",
            ),
        )


def _key(name: str) -> str:
    folder, base = posixpath.split(name)
    return posixpath.join(folder, base.partition(".")[0])


def _sample(key: str, group: list[Place], stream: Any, place: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    audio = [name for name, _, _ in group if posixpath.splitext(name)[1].lower() in AUDIO_SUFFIXES]
    for name, offset, size in group:
        extension = posixpath.basename(name).partition(".")[2].lower()
        if extension == "json" or extension in _TEXTS:
            if size > _MOST:
                raise MalformedRowError(f"{name} has {size:,} bytes", column=extension)
            stream.seek(offset)
            text = stream.read(size).decode("utf-8", "surrogateescape")
            if extension == "json":
                row |= json_object(text)
            else:
                row.setdefault("text" if extension == "txt" else extension, text)
    if len(audio) != 1:
        raise MalformedRowError(f"{key!r} has {len(audio)} audio files", advice="Give each sample one audio file.")
    return {"audio_id": key} | row | {"path": f"{place}#{audio[0]}"}
