"""SALMONN: one JSON object whose `annotation` is a list of `path, text, task, Q`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from aig.shards.export.files import whole_file
from aig.shards.export.form import Form, Options, Sample

__all__ = ["SALMONN"]


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    with whole_file(out) as stream:
        stream.write(b'{"annotation": [')
        mark = b"\n"
        for sample in samples:
            for row in sample.rows:
                task = "asr" if row["task"] == "ASR" else "QA"
                record = {"path": sample.audio.path, "text": row["output"], "task": task, "Q": sample.question(row)}
                stream.write(mark + json.dumps(record, ensure_ascii=False).encode())
                mark = b",\n"
        stream.write(b"\n]}\n")


SALMONN = Form(name="salmonn", about="SALMONN", write=_write, out="salmonn.json", suffix=".wav")
