"""Each kind of damage to a published set is caught, by its own code; nothing undamaged is refused."""

from __future__ import annotations

import json
import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from aig.core.errors import UsageError
from aig.shards.validator.validate import validate
from helpers.shard_damage import CLASSES, DAMAGE, LINEAGE, OPEN, Set, flip


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
    with pytest.raises(UsageError, match="cannot be reached"):
        validate("nosuchprotocol://x/y")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("output", "Either/or: he/she went 24/7, at http://example.org/home/page and 5 km/h."),
        ("output", 'First line.\nSecond line.\tA tab, an emoji 🎧, "quotes", 100 %, <b>, {braces}, {{x}}.'),
        ("input", "the /data/ folder"),
        ("instruction", "Café, naïve, 猫, Ωμέγα: what is it?"),
        ("audio_id", "audioset/part/Sound of a dog (1.2) & co.wav"),
        ("input", ""),
    ],
)
def test_odd_text_that_is_no_damage_is_not_refused(column: str, value: str, damaged: Set) -> None:
    damaged.set_value(column, value)
    if column == "audio_id":
        damaged.edit(lambda manifest: manifest["clips"].update(audioset=41))
    assert validate(str(damaged.folder)).to_dict()["errors"] == []


def test_rows_that_trainers_would_cut_are_counted_and_no_error(damaged: Set) -> None:
    damaged.set_value("output", "Because it is so. " * 26)
    damaged.set_value("output", "Because it is so. " * 60, row=4)
    report = validate(str(damaged.folder))
    assert report.ok
    assert [finding.code for finding in report.warnings] == ["longer_than_108", "longer_than_160"]
    assert report.counts["longer_than_108"] == report.counts["longer_than_160"] + 1
