"""The audio inside a set, `audio/shareable/` and `audio/restricted/`: a row a clip, with its sound and its questions.

What licences let nobody pass on lies in a folder of its own, so that it can stay behind when a set goes to others.
"""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from aig.shards.manifest import FileEntry, Manifest
from aig.shards.schema import SCHEMA_VERSION, VERSION_KEY

__all__ = ["QUESTION", "RATE", "RESTRICTED", "SHAREABLE", "SOUNDS", "card_features", "sound_files", "without_sounds"]

RATE = 16_000
"""Hertz."""

SHAREABLE, RESTRICTED = "shareable", "restricted"

QUESTION = ("instruction", "input", "task", "output", "qa_id")
"""What is said of each of a clip's questions."""

_TEXT = ("audio_id", "dataset", "licence")

_FEATURES: dict[str, Any] = {
    "audio": {"sampling_rate": RATE, "_type": "Audio"},
    **{name: {"dtype": "string", "_type": "Value"} for name in _TEXT},
    "duration_s": {"dtype": "float64", "_type": "Value"},
    "questions": [{name: {"dtype": "string", "_type": "Value"} for name in QUESTION}],
}
"""As every version of `datasets` reads them."""

SOUNDS = pa.schema(
    [
        pa.field("audio", pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())]), nullable=False),
        pa.field("audio_id", pa.string(), nullable=False),
        pa.field("dataset", pa.string(), nullable=False),
        pa.field("licence", pa.string()),
        pa.field("duration_s", pa.float64(), nullable=False),
        pa.field("questions", pa.list_(pa.struct([pa.field(name, pa.string()) for name in QUESTION])), nullable=False),
    ],
    metadata={
        VERSION_KEY: SCHEMA_VERSION.encode(),
        "huggingface": json.dumps({"info": {"features": _FEATURES}}),
    },
)
"""A row a clip: 16 kHz FLAC of one channel, the clip, its licence, its length in seconds and its questions."""


def card_features() -> list[dict[str, Any]]:
    """The columns as a dataset card says them."""
    text = [{"name": name, "dtype": "string"} for name in _TEXT]
    return [
        {"name": "audio", "dtype": {"audio": {"sampling_rate": RATE}}},
        *text,
        {"name": "duration_s", "dtype": "float64"},
        {"name": "questions", "list": [{"name": name, "dtype": "string"} for name in QUESTION]},
    ]


def sound_files(manifest: Manifest) -> tuple[FileEntry, ...]:
    """The entries of files with audio inside."""
    return tuple(
        entry for entry in manifest.files if entry.path.startswith((f"audio/{SHAREABLE}/", f"audio/{RESTRICTED}/"))
    )


def without_sounds(manifest: Manifest, folders: tuple[str, ...] = (SHAREABLE, RESTRICTED)) -> Manifest:
    """The manifest of the same set without the audio of these folders."""
    gone = {entry.path for entry in sound_files(manifest) if entry.folder in folders}
    files = tuple(entry for entry in manifest.files if entry.path not in gone)
    return manifest.model_copy(update={"files": files})
