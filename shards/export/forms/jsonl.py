"""JSON Lines: the six columns of a row, and those of its lineage where wanted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aig.shards.export.files import write_json_lines
from aig.shards.export.form import Form, Options, Sample
from aig.shards.schema import DATA, LINEAGE

__all__ = ["JSONL"]


def _write(samples: Iterator[Sample], out: Path, options: Options) -> None:
    def record(sample: Sample, row: dict[str, object]) -> dict[str, object]:
        kept = {name: row[name] for name in ((*DATA.names, *LINEAGE.names) if options.lineage else DATA.names)}
        paths = [sound.path for sound in sample.sounds]
        return {**kept, "audio_id": paths if len(paths) > 1 else paths[0]} if paths else kept

    write_json_lines(out, (record(sample, row) for sample in samples for row in sample.rows))


JSONL = Form(
    name="jsonl",
    about="scripts of your own: a row a line, with lineage where wanted",
    write=_write,
    out="rows.jsonl",
    audio="optional",
    keeps_transcript=True,
    carries_lineage=True,
    most_clips=2,
)
