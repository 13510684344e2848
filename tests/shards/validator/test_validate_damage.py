"""Each kind of damage to a published set is caught, by its own code; nothing undamaged is refused."""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aig.core.errors import UsageError
from aig.core.qa_id import make_pair
from aig.shards.manifest import Manifest
from aig.shards.schema import DATA
from aig.shards.validator.findings import ValidationReport
from aig.shards.validator.validate import validate
from helpers.damaged_set import CLASSES, LINEAGE, OPEN, SECOND, Set, flip
from helpers.shard_damage import DAMAGE


@pytest.fixture
def damaged(tmp_path: Path, published_set: Path) -> Set:
    shutil.copytree(published_set, tmp_path / "set")
    return Set(tmp_path / "set")


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_caught(name: str, damaged: Set) -> None:
    code, damage = DAMAGE[name]
    damage(damaged)
    report = validate(str(damaged.folder))
    assert not report.ok
    assert code in {finding.code for finding in report.errors}, report.to_dict()
    assert json.dumps(report.to_dict())


def test_the_undamaged_set_is_clean(published_set: Path) -> None:
    report = validate(str(published_set))
    assert report.to_dict()["errors"] == []
    assert report.rows == 660


def _pieces(path: Path) -> Iterator[tuple[str, int, int]]:
    """The parts of a Parquet file by name, with their first and last byte."""
    size = path.stat().st_size
    footer = int.from_bytes(path.read_bytes()[-8:-4], "little")
    yield from [("magic", 0, 3), ("footer", size - 8 - footer, size - 9), ("length", size - 8, size - 5)]
    yield "last magic", size - 4, size - 1
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = [group.column(index) for index in range(group.num_columns)]
    for column in columns:
        first = column.dictionary_page_offset or column.data_page_offset
        yield column.path_in_schema, first, first + column.total_compressed_size - 1
    end = max(
        (column.dictionary_page_offset or column.data_page_offset) + column.total_compressed_size for column in columns
    )
    yield "page index", end, size - 9 - footer


def test_a_column_whose_type_changed_in_the_footer_does_not_end_the_process(damaged: Set) -> None:
    whole = (damaged / OPEN).read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    text, number = b"\x15\x0c", b"\x15\x08"  # a column's type in Thrift's compact form: BYTE_ARRAY, FLOAT
    assert whole.count(text, footer) >= len(DATA.names)
    at = whole.index(text, footer)
    (damaged / OPEN).write_bytes(whole[:at] + number + whole[at + 2 :])
    report = validate(str(damaged.folder))
    assert [(finding.code, finding.shard) for finding in report.errors] == [("sha256", OPEN)]
    assert "not a readable Parquet file" in report.errors[0].message


@pytest.mark.parametrize("path", [OPEN, LINEAGE])
def test_a_flipped_byte_in_every_part_of_a_file_is_caught(path: str, damaged: Set) -> None:
    whole = (damaged / path).read_bytes()
    chance = random.Random(path)
    pieces = list(_pieces(damaged / path))
    assert len(pieces) >= 11
    for name, first, last in pieces:
        for offset in {first, last, chance.randint(first, last)}:
            flip(damaged / path, offset)
            found = {(finding.code, finding.shard) for finding in validate(str(damaged.folder)).errors}
            assert ("sha256", path) in found, (name, offset)
            (damaged / path).write_bytes(whole)
    assert validate(str(damaged.folder)).ok


def test_an_error_says_where(damaged: Set) -> None:
    damaged.set_value("output", "", OPEN, 17)
    finding = validate(str(damaged.folder)).errors[0]
    assert (finding.code, finding.shard, finding.row) == ("empty", OPEN, 17)


def test_so_many_of_each_code_are_told_and_all_are_counted(damaged: Set) -> None:
    damaged.rewrite(OPEN, lambda t: t.set_column(5, t.schema.field(5), pa.array([""] * t.num_rows)))
    damaged.rewrite(CLASSES, lambda t: t.set_column(5, t.schema.field(5), pa.array([""] * t.num_rows)))
    report = validate(str(damaged.folder), limit=4)
    assert sum(finding.code == "empty" for finding in report.errors) == 4
    assert report.counts["empty"] == 30 + 65


def test_a_place_without_anything_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="nothing is at"):
        validate(str(tmp_path / "nowhere"))
    for empty in ("", " "):
        with pytest.raises(UsageError, match="is empty"):
            validate(empty)
    rows = tmp_path / "rows.json"
    rows.write_text("[]")
    with pytest.raises(UsageError, match="is a file, not a published set") as raised:
        validate(str(rows))
    assert "aig import rows.json" in raised.value.advice
    with pytest.raises(UsageError, match="cannot be reached"):
        validate("nosuchprotocol://x/y")


@pytest.mark.parametrize(
    "name",
    [
        "Git LFS pointers",
        "a Git LFS pointer for a manifest",
        "a manifest of a newer version",
        "a file written again by pandas",
        "a file written again by DuckDB",
        "a truncated file",
        "an empty file",
        "a byte of the footer's length",
        "two rows of lineage swapped",
        "a missing lineage file",
        "a file's wrong sha256",
        "columns that may be null",
        "an empty output",
        "an unknown dataset",
        "a task of another folder",
        "no card",
        "a set without rows",
        "a row of another split",
    ],
)
def test_one_cause_is_one_finding(name: str, damaged: Set) -> None:
    code, damage = DAMAGE[name]
    damage(damaged)
    report = validate(str(damaged.folder))
    assert [finding.code for finding in report.errors] == [code], report.to_dict()
    assert report.counts[code] == 1


def test_swapped_files_are_named(damaged: Set) -> None:
    DAMAGE["two shards swapped"][1](damaged)
    messages = {finding.shard: finding.message for finding in validate(str(damaged.folder)).errors}
    assert f"its content is that of {SECOND}" in messages[CLASSES]
    assert f"its content is that of {CLASSES}" in messages[SECOND]


ODD = [
    ("output", "Either/or: he/she went 24/7, at http://example.org/home/page and 5 km/h."),
    ("output", 'First line.\nSecond line.\tA tab, an emoji 🎧, "quotes", 100 %, <b>, {1}, [5].'),
    ("input", "the /data/ folder"),
    ("instruction", "Café, naïve, 猫, Ωμέγα: what is it?"),
    ("output", "A rhetorical question? No: # 1 of 3, <3, a < b, {a: 1}."),
    ("audio_id", "audioset/part/Sound of a dog (1.2) & co.wav"),
    ("input", ""),
]
ASKED_OF = {"dataset": "audioset", "task": "open-ended question", "prompt": "speech@1", "prompt_sha256": "a" * 64}
BY_MODEL = {"source": "model", "request_id": "r", "model": "m", "finish_reason": "stop"}


def published_with(folder: Path, published_by: Callable[..., Manifest], **values: str) -> ValidationReport:
    row = {"instruction": "What is it?", "input": "", "audio_id": "audioset/a", "output": "It is late."}
    published_by(folder, [make_pair(**{**row, **values}, **ASKED_OF, **BY_MODEL)])
    return validate(str(folder))


@pytest.mark.parametrize(("column", "value"), ODD)
def test_odd_text_that_is_no_damage_is_neither_refused_nor_warned_of(
    column: str, value: str, tmp_path: Path, published_by: Callable[..., Manifest]
) -> None:
    report = published_with(tmp_path, published_by, **{column: value})
    assert (report.errors, report.warnings) == ([], [])


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("template_mark", {"instruction": "What is heard in {clip}?"}),
        ("template_mark", {"instruction": "What is {{ label }}?"}),
        ("template_mark", {"output": "It is late.<|im_end|>"}),
        ("template_mark", {"output": "[/INST] It is late."}),
        ("template_mark", {"input": "<s>hello</s>"}),
        ("prompt_mark", {"output": "It is late.\n\n### Response:\nIt is early."}),
        ("prompt_mark", {"instruction": "### instruction: say it"}),
        ("bidi", {"output": "It is \u202elate\u202c."}),
        ("bidi", {"instruction": "What \u2067is\u2069 it?"}),
        ("replacement_character", {"output": "It is a caf\ufffd."}),
        ("long_text", {"output": "It is late. " * 17_000}),
        ("long_text", {"input": "so " * 30_000}),
        ("swapped", {"instruction": "It is late.", "output": "What time is it?"}),
        ("swapped", {"instruction": "Why?", "output": "Why?"}),
    ],
)
def test_what_hardly_anybody_means_is_warned_of(
    code: str, values: dict[str, str], tmp_path: Path, published_by: Callable[..., Manifest]
) -> None:
    report = published_with(tmp_path, published_by, **values)
    assert report.ok
    assert code in {finding.code for finding in report.warnings}


def rewritten(damaged: Set, **options: Any) -> None:
    for path in (OPEN, CLASSES, LINEAGE):
        damaged.rewrite(path, lambda table: table, **options)


def as_type(damaged: Set, kind: pa.DataType) -> None:
    for path in (OPEN, CLASSES):
        damaged.rewrite(path, lambda t: t.cast(pa.schema([f.with_type(kind) for f in t.schema], t.schema.metadata)))


def with_deltas(damaged: Set, encoding: str) -> None:
    for path in (OPEN, CLASSES, LINEAGE):
        names = [f.name for f in pq.read_schema(damaged / path) if f.type == pa.string()]
        damaged.rewrite(path, lambda t: t, use_dictionary=False, column_encoding=dict.fromkeys(names, encoding))


def hub_cache(damaged: Set) -> None:
    """A snapshot as `huggingface_hub` keeps it: links to blobs."""
    blobs = damaged.folder.parent / "cache" / "blobs"
    snapshot = damaged.folder.parent / "cache" / "snapshots" / "abc"
    blobs.mkdir(parents=True)
    for path in [path for path in damaged.folder.rglob("*") if path.is_file()]:
        target = blobs / hashlib.sha256(path.read_bytes()).hexdigest()
        path.rename(target)
        place = snapshot / path.relative_to(damaged.folder)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(os.path.relpath(target, place.parent))
    damaged.folder = snapshot


def desktop(damaged: Set) -> None:
    for path in (".DS_Store", "data/.DS_Store", "data/open/.DS_Store", "data/open/._train-00000-of-00001.parquet"):
        (damaged / path).write_bytes(b"\0\0\0\1Bud1")


@pytest.mark.parametrize(
    "change",
    [
        *(
            partial(as_type, kind=kind)
            for kind in (pa.large_string(), pa.string_view(), pa.dictionary(pa.int32(), pa.string()))
        ),
        *(partial(with_deltas, encoding=f"DELTA_{kind}BYTE_ARRAY") for kind in ("", "LENGTH_")),
        *(partial(rewritten, compression=kind) for kind in ("gzip", "lz4", "snappy", "brotli", "none")),
        partial(rewritten, data_page_version="2.0", version="1.0", row_group_size=7),
        hub_cache,
        desktop,
        lambda damaged: (damaged / "croissant.json").unlink(),
    ],
)
def test_what_is_as_good_is_not_refused(change: Callable[[Set], Any], damaged: Set) -> None:
    change(damaged)
    report = validate(str(damaged.folder))
    assert report.errors == [], report.to_dict()
    assert report.rows == 660


def test_rows_that_trainers_would_cut_are_counted_and_no_error(
    tmp_path: Path, published_by: Callable[..., Manifest]
) -> None:
    longer = [
        make_pair(instruction="Why?", input="", audio_id="audioset/a", output=output, **ASKED_OF, **BY_MODEL)
        for output in ("Because it is so. " * 26, "Because it is so. " * 60, "So.")
    ]
    published_by(tmp_path, longer)
    report = validate(str(tmp_path))
    assert report.ok
    assert [finding.code for finding in report.warnings] == ["longer_than_108", "longer_than_160"]
    assert (report.counts["longer_than_108"], report.counts["longer_than_160"]) == (2, 1)


def test_a_set_of_the_first_version_is_valid(damaged: Set) -> None:
    """It named no tasks, and its clips had their owners' splits; those that nobody may train on are still told."""

    def older(table: pa.Table) -> pa.Table:
        return table.replace_schema_metadata({**table.schema.metadata, b"aig.schema_version": b"1"})

    for entry in damaged.manifest["files"]:
        if entry["path"].startswith("data/"):
            damaged.rewrite(entry["path"], older)
            damaged.rewrite(entry["path"].replace("data/", "lineage/"), older)
    damaged.edit(lambda m: m.update(schema_version="1"))
    damaged.edit(lambda m: m["build"].pop("tasks"))
    damaged.set_value("split", "balanced_train", LINEAGE)
    assert validate(str(damaged.folder)).to_dict()["errors"] == []
    damaged.set_value("split", "eval", LINEAGE)
    assert [finding.code for finding in validate(str(damaged.folder)).errors] == ["split"]
