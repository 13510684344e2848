"""Arrow schemas of the records, declared once, and the way from records to tables and back.

The schemas are written out rather than inferred, so that a first batch full of `None` cannot decide a column's type.
`write_table` makes a file appear whole or not at all, on a local disk and on an object store.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import asdict, fields
from operator import attrgetter
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.records import Clip, Dropped, Event, Features, OwnValue, QAPair, Quarantined, Reason, TaggedEvent, Word
from aig.core.storage import whole_file
from aig.core.verdict import Verdict

__all__ = [
    "CLIPS",
    "DROPPED",
    "FEATURES",
    "FORMER_NAMES",
    "QA",
    "QUARANTINE",
    "SCHEMAS",
    "VERDICTS",
    "completed",
    "from_batch",
    "to_table",
    "write_table",
]

Record = TypeVar("Record", Clip, Features, QAPair, Dropped, Quarantined, Verdict)

_EVENT = pa.struct([("label", pa.string()), ("onset_s", pa.float64()), ("offset_s", pa.float64())])
_REASON = pa.struct([("field", pa.string()), ("reason", pa.string())])
_OWN = pa.struct(
    [
        ("name", pa.string()),
        ("value", pa.float64()),
        ("text", pa.string()),
        ("level", pa.string()),
        ("reason", pa.string()),
    ]
)
_TAGGED = pa.struct([*_EVENT, ("score", pa.float64())])
_WORD = pa.struct([("text", pa.string()), ("start_s", pa.float64()), ("end_s", pa.float64())])


def _schema(required: dict[str, pa.DataType], optional: dict[str, pa.DataType]) -> pa.Schema:
    return pa.schema(
        [pa.field(name, kind, nullable=False) for name, kind in required.items()]
        + [pa.field(name, kind, nullable=True) for name, kind in optional.items()]
    )


CLIPS = _schema(
    {"audio_id": pa.string(), "dataset": pa.string(), "split": pa.string()},
    {
        "path": pa.string(),
        "start_s": pa.float64(),
        "end_s": pa.float64(),
        "channel": pa.int32(),
        "stamp": pa.string(),
        "labels": pa.list_(pa.string()),
        "parents": pa.list_(pa.string()),
        "events": pa.list_(_EVENT),
        "captions": pa.list_(pa.string()),
        "text": pa.string(),
        "speaker_id": pa.string(),
        "gender": pa.string(),
        "age": pa.int32(),
        "emotion": pa.string(),
        "sentiment": pa.int32(),
        "genres": pa.list_(pa.string()),
        "title": pa.string(),
        "licence": pa.string(),
        "source_key": pa.string(),
    },
)

FEATURES = _schema(
    {"audio_id": pa.string(), "duration_s": pa.float64(), "sample_rate": pa.int32()},
    {
        "f0_hz": pa.float64(),
        "f0_reason": pa.string(),
        "pitch_level": pa.string(),
        "pitch_rank": pa.string(),
        "words_per_s": pa.float64(),
        "syllables_per_s": pa.float64(),
        "speed_level": pa.string(),
        "volume_dbfs": pa.float64(),
        "loudness_lufs": pa.float64(),
        "volume_level": pa.string(),
        "silent": pa.bool_(),
        "transcript": pa.string(),
        "words": pa.list_(_WORD),
        "no_speech_prob": pa.float64(),
        "avg_logprob": pa.float64(),
        "language": pa.string(),
        "hallucination": pa.string(),
        "sounds": pa.list_(pa.string()),
        "content": pa.string(),
        "fingerprint": pa.binary(),
        "level_curve": pa.binary(),
        "extractor": pa.string(),
        "source": pa.string(),
        "f0_spread_st": pa.float64(),
        "monotony_level": pa.string(),
        "pause_share": pa.float64(),
        "pauses_per_min": pa.float64(),
        "pause_level": pa.string(),
        "snr_db": pa.float64(),
        "snr_level": pa.string(),
        "reverberation_s": pa.float64(),
        "reverberation_level": pa.string(),
        "bandwidth_hz": pa.float64(),
        "bandwidth_level": pa.string(),
        "clipped_share": pa.float64(),
        "clipping_level": pa.string(),
        "tempo_bpm": pa.float64(),
        "tempo_level": pa.string(),
        "music_key": pa.string(),
        "absent": pa.list_(_REASON),
        "own": pa.list_(_OWN),
        "tagged": pa.list_(_TAGGED),
    },
)

QA = _schema(
    {
        "instruction": pa.string(),
        "input": pa.string(),
        "audio_id": pa.string(),
        "dataset": pa.string(),
        "task": pa.string(),
        "output": pa.string(),
        "qa_id": pa.string(),
        "prompt": pa.string(),
        "prompt_sha256": pa.string(),
        "model": pa.string(),
        "request_id": pa.string(),
        "finish_reason": pa.string(),
        "answerable": pa.bool_(),
        "source": pa.string(),
        "split": pa.string(),
        "extractor": pa.string(),
        "seed": pa.int64(),
    },
    {
        "licence": pa.string(),
        "choices": pa.list_(pa.string()),
        "answer_index": pa.int32(),
        "skill": pa.string(),
        "difficulty": pa.string(),
        "judge_score": pa.float64(),
        "judge_model": pa.string(),
        "audio_contribution": pa.string(),
        "annotated_by": pa.string(),
    },
)

VERDICTS = _schema(
    {"qa_id": pa.string(), "audio_id": pa.string(), "dataset": pa.string(), "prompt": pa.string()},
    {
        "judge_prompt": pa.string(),
        "judge_model": pa.string(),
        "request_id": pa.string(),
        "supported": pa.bool_(),
        "audible": pa.bool_(),
        "not_given_away": pa.bool_(),
        "well_formed": pa.bool_(),
        "score": pa.float64(),
        "reason": pa.string(),
        "error": pa.string(),
        "blind_model": pa.string(),
        "blind_answer": pa.string(),
        "audio_contribution": pa.string(),
    },
)

DROPPED = _schema(
    {name: pa.string() for name in ("audio_id", "dataset", "rule", "reason", "prompt")},
    {"question": pa.string(), "answer": pa.string()},
)

QUARANTINE = _schema({name: pa.string() for name in ("dataset", "audio_id", "stage", "error", "message", "advice")}, {})

FORMER_NAMES = {"hallucination": "invented"}
"""Columns that an earlier version wrote under another name: the present name and that one."""

SCHEMAS: dict[type, pa.Schema] = {
    Clip: CLIPS,
    Features: FEATURES,
    QAPair: QA,
    Dropped: DROPPED,
    Quarantined: QUARANTINE,
    Verdict: VERDICTS,
}

_STRUCTS: dict[str, type[Any]] = {
    "events": Event,
    "words": Word,
    "absent": Reason,
    "own": OwnValue,
    "tagged": TaggedEvent,
}


def to_table(records: Iterable[Record], kind: type[Record]) -> pa.Table:
    """Records of one kind as a table with that kind's declared schema, in the same order.

    Raises:
        pyarrow.ArrowInvalid, pyarrow.ArrowTypeError: a value does not fit its column.
    """
    schema = SCHEMAS[kind]
    rows = list(records)
    # Column by column: twenty times as fast as a dictionary for every record.
    table = pa.Table.from_arrays([_column(rows, field) for field in schema], schema=schema)
    for field in schema:
        if not field.nullable and table.column(field.name).null_count:
            raise pa.ArrowInvalid(f"{kind.__name__}.{field.name} is required and is missing in a record")
    return table


def _column(rows: list[Record], field: pa.Field) -> pa.Array:
    values = list(map(attrgetter(field.name), rows))
    if field.name in _STRUCTS:
        values = [value and [asdict(item) for item in value] for value in values]
    return pa.array(values, field.type)


def from_batch(batch: pa.RecordBatch | pa.Table, kind: type[Record]) -> Iterator[Record]:
    """The records of a batch, in its order; columns beyond the record's own fields are ignored."""
    there = set(batch.schema.names)
    stored = {field.name: _stored_name(field.name, there) for field in fields(kind)}
    names = [name for name, column in stored.items() if column in there]
    columns = [_values(batch.column(stored[name]).to_pylist(), name) for name in names]
    for row in zip(*columns, strict=True):
        yield kind(**dict(zip(names, row, strict=True)))


def _stored_name(name: str, columns: Collection[str]) -> str:
    return name if name in columns else FORMER_NAMES.get(name, name)


def _values(values: list[Any], name: str) -> Iterable[Any]:
    struct = _STRUCTS.get(name)
    if struct is not None:
        return [None if value is None else tuple(struct(**item) for item in value) for value in values]
    return [tuple(value) if isinstance(value, list) else value for value in values]


def completed(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """A batch with the optional columns of a schema that whoever wrote it did not know, as nulls, in its order."""
    for field in schema:
        if field.nullable and field.name not in batch.schema.names:
            batch = batch.append_column(field, pa.nulls(batch.num_rows, field.type))
    return batch.select(schema.names) if set(batch.schema.names) == set(schema.names) else batch


def write_table(url: str, batches: Iterable[pa.Table | pa.RecordBatch], schema: pa.Schema) -> int:
    """Writes batches as one zstd Parquet file that appears whole or not at all; returns its rows.

    Args:
        url: local path or any fsspec URL.
        batches: tables or record batches that fit `schema`; consumed one at a time.
        schema: declared schema of the file; a batch that differs is refused.
    """
    rows = 0
    with whole_file(url) as stream, pq.ParquetWriter(stream, schema, compression="zstd") as writer:
        for batch in batches:
            table = batch if isinstance(batch, pa.Table) else pa.Table.from_batches([batch])
            writer.write_table(table.cast(schema) if table.schema != schema else table)
            rows += table.num_rows
    return rows
