"""The sounds of folders of test audio, decoded once and kept in the workspace."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.audio_names import AUDIO_SUFFIXES
from aig.core.errors import UsageError
from aig.core.storage import open_file
from aig.core.tables import write_table
from aig.extractors.audio import read_audio
from aig.extractors.errors import AudioError
from aig.extractors.fingerprint import content_hash, fingerprint
from aig.filters.clips.sound_copies import KnownSound
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["HELD_OUT_AUDIO", "audio_files", "known_sounds", "table_of"]

HELD_OUT_AUDIO = "held_out_audio"
"""Folder of the workspace with a table for each folder of test audio."""

log = logging.getLogger("aig")

_SOUNDS = pa.schema(
    [
        pa.field("file", pa.string(), nullable=False),
        pa.field("stamp", pa.string(), nullable=False),
        pa.field("content", pa.string(), nullable=False),
        pa.field("fingerprint", pa.binary()),
    ]
)
_VERSION = 1
"""Raised whenever a fingerprint is made in another way."""

_LONGEST_S = 3600.0


def audio_files(folder: str) -> list[Path]:
    """The audio files below a folder of test audio, by name.

    Raises:
        UsageError: the folder is missing or holds none.
    """
    found = sorted(file for file in Path(folder).rglob("*") if file.suffix.lower() in AUDIO_SUFFIXES and file.is_file())
    if not found:
        there = "holds no audio files" if Path(folder).is_dir() else "is not a folder"
        raise UsageError(f"not_in_audio: {folder} {there}.", "Give the folder of the test set's audio.")
    return found


def table_of(folder: str) -> str:
    """Name of the table that keeps the sounds of a folder of test audio."""
    place = hashlib.sha256(str(Path(folder).resolve()).encode()).hexdigest()[:16]
    return f"{place}-{_VERSION}.parquet"


def known_sounds(workspace: Workspace, folder: str) -> list[KnownSound]:
    """The sounds of a folder: those whose file did not change are taken from the workspace.

    A file that cannot be decoded is left out, with a warning that names it.

    Raises:
        UsageError: see `audio_files`.
    """
    files = audio_files(folder)
    kept_in = (HELD_OUT_AUDIO, table_of(folder))
    kept: dict[tuple[str, str], tuple[str, bytes | None]] = {}
    if workspace.exists(*kept_in):
        with open_file(workspace.url(*kept_in)) as stream:
            for row in pq.read_table(stream).to_pylist():
                kept[row["file"], row["stamp"]] = row["content"], row["fingerprint"]
    sounds: dict[tuple[str, str], tuple[str, bytes | None]] = {}
    unreadable: list[str] = []
    with progress_of(f"listening to {folder}", total=len(files), unit="files") as progress:
        for file in files:
            progress.advance(1)
            name, status = file.relative_to(folder).as_posix(), file.stat()
            stamp = f"{status.st_size}-{status.st_mtime_ns}"
            found = kept.get((name, stamp))
            if found is None:
                try:
                    samples = read_audio(file, max_clip_s=_LONGEST_S).samples
                except AudioError as error:
                    unreadable.append(f"{name}: {error.message}")
                    continue
                found = content_hash(samples), fingerprint(samples)
            sounds[name, stamp] = found
    for message in unreadable[:10]:
        log.warning("not_in_audio: %s is not held against: %s", folder, message)
    if len(unreadable) > 10:
        log.warning("not_in_audio: %s: %d more files cannot be read", folder, len(unreadable) - 10)
    if sounds.keys() != kept.keys():
        rows = [
            {"file": name, "stamp": stamp, "content": content, "fingerprint": words}
            for (name, stamp), (content, words) in sounds.items()
        ]
        write_table(workspace.target(*kept_in), [pa.Table.from_pylist(rows, schema=_SOUNDS)], _SOUNDS)
    label = Path(folder).name
    return [KnownSound(f"{label}/{name}", content, words) for (name, _), (content, words) in sounds.items()]
