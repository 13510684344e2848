"""Copies of the clips as trainers want them: 16 kHz, one channel, FLAC, one flat folder, unique names."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path

import numpy as np
import numpy.typing as npt

from aig.shards.export.export import whole_file
from aig.shards.feature_names import feature_name

__all__ = ["RATE", "Read", "copy_name", "copy_once", "flac"]

RATE = 16_000
"""Hertz: what the trainers' feature extractors expect."""

_LONGEST = 200

Read = Callable[[str], npt.NDArray[np.float32] | None]
"""From an audio id to the clip's samples at `RATE`, one channel, in -1 to 1; `None` where its audio is not here."""


def copy_name(audio_id: str) -> str:
    """File name of a clip's copy. It is the clip's feature name, so what is unique there is unique here."""
    name = feature_name(audio_id)
    if len(name.encode()) > _LONGEST:
        digest = hashlib.sha256(audio_id.encode()).hexdigest()[:16]
        name = f"{name.encode()[: _LONGEST - 17].decode(errors='ignore')}_{digest}"
    return f"{name}.flac"


def flac(samples: npt.NDArray[np.float32]) -> bytes:
    """Samples at `RATE` as a FLAC file of 16 bits; what lies beyond -1 to 1 is clipped."""
    import soundfile

    stream = BytesIO()
    soundfile.write(stream, np.clip(samples, -1, 1), RATE, format="FLAC", subtype="PCM_16")
    return stream.getvalue()


def copy_once(audio_ids: Iterable[str], folder: Path, read: Read, known: dict[str, str | None]) -> None:
    """Makes the copies that are not there yet.

    Args:
        audio_ids: the clips.
        folder: of the copies.
        read: gives the samples.
        known: from audio id to the copy's path, `None` where a clip has no audio; added to.
    """
    for audio_id in audio_ids:
        if audio_id in known:
            continue
        target = folder / copy_name(audio_id)
        if target.exists():
            known[audio_id] = str(target)
            continue
        samples = read(audio_id)
        if samples is not None:
            with whole_file(target) as stream:
                stream.write(flac(samples))
        known[audio_id] = None if samples is None else str(target)
