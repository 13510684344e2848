"""Lhotse Shar: cuts in gzipped JSON Lines, and their recordings as FLAC in tar files, a pair of files a shard.

A cut is a clip; its questions and answers are in `custom["questions"]`. `CutSet.from_shar(in_dir=FOLDER)` reads it.
"""

from __future__ import annotations

import gzip
import hashlib
import itertools
import json
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aig.shards.export.files import whole_file
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
    made: set[Path] = set()
    first = next(samples, None)
    numbered = enumerate(itertools.chain([] if first is None else [first], samples))
    for number, group in itertools.groupby(numbered, key=lambda item: item[0] // CLIPS_PER_TAR):
        cuts, recordings = out / f"cuts.{number:06d}.jsonl.gz", out / f"recording.{number:06d}.tar"
        made |= {cuts, recordings}
        with (
            whole_file(recordings) as tar_stream,
            tarfile.open(fileobj=tar_stream, mode="w", format=tarfile.USTAR_FORMAT) as tar,
            whole_file(cuts) as stream,
            gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as lines,
        ):
            for _index, sample in group:
                lines.write(json.dumps(_cut(sample), ensure_ascii=False).encode() + b"\n")
                add(tar, f"{_id(sample)}.flac", sample.audio.content)
                add(tar, f"{_id(sample)}.json", json.dumps(_recording(sample), ensure_ascii=False).encode())
    for old in {*out.glob("cuts.*.jsonl.gz"), *out.glob("recording.*.tar")} - made:
        old.unlink()


LHOTSE_SHAR = Form(
    name="lhotse-shar",
    about="Lhotse, NeMo: cuts and recordings in Shar's tar files",
    write=_write,
    out="shar",
    audio="inside",
    by_clip=True,
)
