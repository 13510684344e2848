"""Parquet with the audio inside, as Hugging Face's viewer and `datasets` read it: the column `audio` is an `Audio`."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from aig.shards.export.files import whole_folder
from aig.shards.export.form import Form, Options, Sample
from aig.shards.schema import DATA

__all__ = ["HF_AUDIO"]

_ROWS = 1000
"""Rows of a file: some 150 MB of 10 s clips."""

_GROUP = 100
"""Rows of a row group: the viewer reads one at a time."""

_FEATURES = {
    "audio": {"sampling_rate": 16_000, "_type": "Audio"},
    **{name: {"dtype": "string", "_type": "Value"} for name in (*DATA.names, "qa_id")},
    "duration_s": {"dtype": "float64", "_type": "Value"},
}

_SCHEMA = pa.schema(
    [
        pa.field("audio", pa.struct([pa.field("bytes", pa.binary()), pa.field("path", pa.string())])),
        *(pa.field(name, pa.string()) for name in (*DATA.names, "qa_id")),
        pa.field("duration_s", pa.float64()),
    ],
    metadata={"huggingface": json.dumps({"info": {"features": _FEATURES}})},
)


def _rows(samples: Iterator[Sample]) -> Iterator[dict[str, Any]]:
    for sample in samples:
        name = f"{sample.audio_id.replace('/', '_')}.flac"
        for row in sample.rows:
            yield {
                "audio": {"bytes": sample.audio.content, "path": name},
                **{column: row[column] for column in (*DATA.names, "qa_id")},
                "duration_s": sample.audio.duration_s,
                "split": row["split"],
            }


def _write(samples: Iterator[Sample], out: Path, _: Options) -> None:
    """A folder `data/` with files of each split, `train-00000.parquet`."""
    waiting: dict[str, list[dict[str, Any]]] = {}
    numbers: dict[str, Iterator[int]] = {}

    def flush(folder: Path, split: str) -> None:
        path = folder / "data" / f"{split}-{next(numbers.setdefault(split, itertools.count())):05d}.parquet"
        path.parent.mkdir(exist_ok=True)
        with pq.ParquetWriter(path, _SCHEMA, compression="zstd") as writer:
            writer.write_table(pa.Table.from_pylist(waiting.pop(split), _SCHEMA), row_group_size=_GROUP)

    with whole_folder(out, "data/*.parquet", _is_of_this_form) as folder:
        for row in _rows(samples):
            split = row["split"]
            waiting.setdefault(split, []).append(row)
            if len(waiting[split]) == _ROWS:
                flush(folder, split)
        for split in sorted(waiting):
            flush(folder, split)


def _is_of_this_form(file: Path) -> bool:
    try:
        return bool(pq.read_schema(file).equals(_SCHEMA))
    except (pa.ArrowException, OSError):
        return False


HF_AUDIO = Form(
    name="hf-audio",
    about="datasets and its viewer, NeMo: Parquet with the audio inside",
    write=_write,
    out="hf_audio",
    audio="inside",
    all_splits=True,
)
