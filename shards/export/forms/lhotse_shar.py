"""Lhotse Shar: cuts in gzipped JSON Lines, and their recordings as FLAC in tar files, a pair of files a shard.

A cut is a clip; its questions and answers are in `custom["questions"]`. `CutSet.from_shar(in_dir=FOLDER)` reads it.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import re
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.shards.export.files import whole_folder
from aig.shards.export.form import Form, Options, Sample
from aig.shards.export.forms.webdataset import CLIPS_PER_TAR, add

__all__ = ["LHOTSE_SHAR"]

_RATE = 16_000
_COLUMNS = ("instruction", "input", "task", "output", "qa_id")


def _id(sample: Sample) -> str:
    """A cut's id, which Shar also names its files in the tar by: the clip's own may be too long for that."""
    return hashlib.sha256(sample.audio_id.encode()).hexdigest()[:24]


def _recording(sample: Sample) -> dict[str, Any]:
    return {
        "id": _id(sample),
        "sources": [{"type": "shar", "channels": [0], "source": ""}],
        "sampling_rate": _RATE,
        "num_samples": round(sample.audio.duration_s * _RATE),
        "duration": sample.audio.duration_s,
        "channel_ids": [0],
    }


def _cut(sample: Sample) -> dict[str, Any]:
    questions = [{name: row[name] for name in _COLUMNS} for row in sample.rows]
    return {
        "id": _id(sample),
        "start": 0,
        "duration": sample.audio.duration_s,
        "channel": 0,
        "supervisions": [],
        "recording": _recording(sample),
        "custom": {
            "audio_id": sample.audio_id,
            "dataset": sample.dataset,
            "split": sample.rows[0]["split"],
            "questions": questions,
        },
        "type": "MonoCut",
    }


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    """Pairs of `cuts.000000.jsonl.gz` and `recording.000000.tar`; nothing else may be there, for Lhotse reads all."""
    with whole_folder(out, "*", _is_own) as folder:
        for number, group in itertools.groupby(enumerate(samples), key=lambda item: item[0] // CLIPS_PER_TAR):
            recordings, cuts = folder / f"recording.{number:06d}.tar", folder / f"cuts.{number:06d}.jsonl.gz"
            with (
                tarfile.open(recordings, mode="w", format=tarfile.USTAR_FORMAT) as tar,
                cuts.open("wb") as stream,
                gzip.GzipFile(filename="", fileobj=stream, mode="wb", mtime=0) as lines,
            ):
                for _index, sample in group:
                    lines.write(json.dumps(_cut(sample), ensure_ascii=False).encode() + b"\n")
                    add(tar, f"{_id(sample)}.flac", sample.audio.content)
                    add(tar, f"{_id(sample)}.json", json.dumps(_recording(sample), ensure_ascii=False).encode())


def _is_own(file: Path) -> bool:
    try:
        if re.fullmatch(r"cuts\.\d{6}\.jsonl\.gz", file.name):
            with gzip.open(file, "rb") as lines:
                custom = json.loads(lines.readline())["custom"]
            return {"audio_id", "dataset", "split", "questions"} <= set(custom)
        if re.fullmatch(r"recording\.\d{6}\.tar", file.name):
            with tarfile.open(file, "r:") as tar:
                first = tar.next()
            return first is not None and re.fullmatch(r"[0-9a-f]{24}\.flac", first.name) is not None
    except (OSError, EOFError, tarfile.TarError, ValueError, LookupError, TypeError):
        return False
    return False


LHOTSE_SHAR = Form(
    name="lhotse-shar",
    about="Lhotse, NeMo: cuts and recordings in Shar's tar files",
    write=_write,
    out="shar",
    audio="inside",
    by_clip=True,
)
