"""JSON Lines: the six columns of a row, and those of its lineage where wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aig.shards.export.files import write_json_lines
from aig.shards.export.form import Form, Options, Sample
from aig.shards.schema import DATA

__all__ = ["JSONL"]


def _write(samples: Iterator[Sample], out: Path, options: Options) -> None:
    def record(sample: Sample, row: dict[str, object]) -> dict[str, object]:
        kept = row if options.lineage else {name: row[name] for name in DATA.names}
        return {**kept, "audio_id": sample.sound.path} if sample.sound else kept

    write_json_lines(out, (record(sample, row) for sample in samples for row in sample.rows))


JSONL = Form(
    name="jsonl",
    about="scripts of your own: a row a line, with lineage where wanted",
    write=_write,
    out="rows.jsonl",
    audio="optional",
    keeps_transcript=True,
    carries_lineage=True,
)
