"""Tones inside tables and tars, as mirrors of datasets hold their audio."""

from __future__ import annotations

import io
import tarfile

import numpy as np
import pyarrow as pa
import soundfile


def wav(hz):
    """A tone; all have the same number of bytes."""
    stream = io.BytesIO()
    soundfile.write(stream, np.sin(np.arange(1600) * hz * 2 * np.pi / 16_000) / 2, 16_000, format="WAV")
    return stream.getvalue()


def audio(*tones, path=None):
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    return pa.array([{"bytes": wav(hz), "path": path and path.format(hz)} for hz in tones], kind)


def write_tar(file, members):
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
