"""Whatever a manifest holds, it becomes clips, errors with a place, or a refusal with advice."""

import csv
import gzip
import io
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aig.core.errors import UsageError
from aig.core.records import Clip, Quarantined
from aig.core.tables import to_table
from aig.datasets_registry.readers import manifest
from aig.datasets_registry.text import manifest_fields

_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(["['a' 'b']", "m"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["label", "onset_s", "offset_s"]), inner)
    ),
    max_leaves=8,
)
_names = st.sampled_from([*manifest_fields.NAMES, "duration_s", "audio_filepath", "recording", "sources"])
_fuzz = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@_fuzz
@given(rows=st.lists(st.dictionaries(_names, _values, max_size=5) | st.binary(max_size=30), max_size=5))
def test_whatever_a_json_manifest_holds_becomes_clips_or_errors_with_a_place(tmp_path, rows):
    file = tmp_path / "fuzz.jsonl"
    lines = [row if isinstance(row, bytes) else json.dumps(row).encode() for row in rows]
    file.write_bytes(b"\n".join(lines))
    check_fuzzed(file)


@_fuzz
@given(
    header=st.lists(_names, max_size=4),
    rows=st.lists(st.lists(st.text(max_size=10), max_size=4), max_size=4),
    cut=st.integers(0, 400),
    packed=st.booleans(),
)
def test_whatever_a_table_holds_becomes_clips_or_errors_with_a_place(tmp_path, header, rows, cut, packed):
    stream = io.StringIO()
    csv.writer(stream).writerows([header, *rows])
    content = stream.getvalue().encode("utf-8", "surrogatepass")
    file = tmp_path / "fuzz.csv"
    file.write_bytes((gzip.compress(content) if packed else content)[:cut])
    check_fuzzed(file)


def check_fuzzed(file: Path) -> None:
    try:
        found = list(manifest.read(file, file.parent, "mine"))
    except UsageError:
        return
    for item in found:
        if isinstance(item, Quarantined):
            assert item.advice
            assert item.message.startswith(file.name)
    for kind in (Clip, Quarantined):
        to_table([item for item in found if isinstance(item, kind)], kind)


_text = st.text(max_size=6) | st.sampled_from(["file", "a.wav", "MonoCut", "0"])
_KEYS = [
    "id",
    "start",
    "duration",
    "channel",
    "recording",
    "sources",
    "type",
    "source",
    "supervisions",
    "text",
    "transforms",
    "channel_ids",
    "tracks",
    "name",
    "sampling_rate",
    "num_samples",
    "speaker",
    "gender",
]
_lhotse = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | _text,
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(
            st.sampled_from(_KEYS),
            inner,
            max_size=8,
        )
    ),
    max_leaves=20,
)
_CUT = {
    "id": "c", "start": 0, "duration": 1, "channel": 0, "type": "MonoCut", "supervisions": [],
    "recording": {"id": "r", "sources": [{"type": "file", "channels": [0], "source": "a.wav"}], "channel_ids": [0]},
}  # fmt: skip


@_fuzz
@given(field=st.sampled_from([*_CUT, "tracks", "sources", "transforms"]), value=_lhotse, inner=st.booleans())
def test_whatever_a_lhotse_manifest_holds_becomes_clips_or_errors_with_a_place(tmp_path, field, value, inner):
    file = tmp_path / "fuzz.jsonl"
    cut = _CUT | {"recording": _CUT["recording"] | {field: value}} if inner else _CUT | {field: value}
    file.write_text(json.dumps(_CUT) + "\n" + json.dumps(cut) + "\n")
    check_fuzzed(file)


@settings(_fuzz, max_examples=100)
@given(at=st.integers(0, 10_000), byte=st.integers(0, 255), cut=st.none() | st.integers(0, 10_000))
@pytest.mark.parametrize("name", ["fuzz.parquet", "fuzz.arrow", "fuzz.tar", "fuzz.jsonl.gz"])
def test_a_damaged_file_becomes_clips_errors_or_a_refusal(tmp_path, name, at, byte, cut):
    content = bytearray(_whole(tmp_path / "whole" / name))
    content[at % len(content)] = byte
    (tmp_path / name).write_bytes(content[:cut])
    check_fuzzed(tmp_path / name)


def _whole(file: Path) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from helpers.audio_in_files import audio, write_tar

    if not file.exists():
        file.parent.mkdir(exist_ok=True)
        table = pa.table({"audio": audio(100), "title": ["a"], "labels": [["Dog"]]})
        if file.suffix == ".parquet":
            pq.write_table(table, file)
        elif file.suffix == ".arrow":
            with pa.ipc.new_stream(str(file), table.schema) as writer:
                writer.write_table(table)
        elif file.suffix == ".tar":
            write_tar(file, {"a.wav": b"RIFF" * 100, "a.json": b'{"labels": ["Dog"]}', "b.wav": b"RIFF" * 100})
        else:
            file.write_bytes(gzip.compress(b'{"path": "a.wav", "labels": ["Dog"]}\n' * 40))
    return file.read_bytes()
