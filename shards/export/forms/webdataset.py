"""WebDataset: tar files of clips, each with its audio and all its questions and answers.

A sample is `<number>.flac` (16 kHz, one channel) and `<number>.json` with `audio_id`, `dataset` and `pairs`, a list of
`instruction`, `input`, `task`, `output`. Clips stand in the order of a hash of their id; the same set gives the same
bytes.
"""

from __future__ import annotations

import io
import itertools
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path

from aig.shards.export.files import whole_folder
from aig.shards.export.form import Form, Options, Sample

__all__ = ["CLIPS_PER_TAR", "WEBDATASET", "add"]

CLIPS_PER_TAR = 1000
"""Samples of a tar file."""

_LARGEST_JSON = 100_000_000
"""Bytes of a sample's questions that are read to tell whose a file is."""

_COLUMNS = ("instruction", "input", "task", "output")


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    with whole_folder(out, "shard-*.tar", _is_own) as folder:
        for number, group in itertools.groupby(enumerate(samples), key=lambda item: item[0] // CLIPS_PER_TAR):
            with tarfile.open(folder / f"shard-{number:05d}.tar", mode="w", format=tarfile.USTAR_FORMAT) as tar:
                for index, sample in group:
                    pairs = [{name: row[name] for name in _COLUMNS} for row in sample.rows]
                    about = {"audio_id": sample.audio_id, "dataset": sample.dataset, "pairs": pairs}
                    add(tar, f"{index:09d}.flac", sample.audio.content)
                    add(tar, f"{index:09d}.json", json.dumps(about, ensure_ascii=False).encode())


def _is_own(file: Path) -> bool:
    try:
        with tarfile.open(file, "r:") as tar:
            sound, about = tar.next(), tar.next()
            content = tar.extractfile(about) if about else None
            known = json.load(content) if content and about and about.size < _LARGEST_JSON else None
    except (OSError, tarfile.TarError, ValueError):
        return False
    named = sound is not None and re.fullmatch(r"\d{9}\.flac", sound.name) is not None
    return named and isinstance(known, dict) and set(known) == {"audio_id", "dataset", "pairs"}


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Adds a file to a tar, without a time or an owner, so that the same content gives the same bytes."""
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o644
    tar.addfile(member, io.BytesIO(content))


WEBDATASET = Form(
    name="webdataset",
    about="WebDataset: tar files, a clip a sample",
    write=_write,
    out="webdataset",
    audio="inside",
    by_clip=True,
    keeps_transcript=True,
)
