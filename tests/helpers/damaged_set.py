"""A published set to damage, and the ways to do it; `shard_damage` says which finding must follow."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aig.shards.schema import LINEAGE as _LINEAGE

OPEN = "data/open/train-00000-of-00001.parquet"
CLOSED = "data/closed/train-00000-of-00004.parquet"
CLASSES = "data/classification/train-00000-of-00006.parquet"
SECOND = "data/classification/train-00001-of-00006.parquet"


class Set:
    """A copy of a published set that can be damaged."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __truediv__(self, path: str) -> Path:
        return self.folder / path

    @property
    def manifest(self) -> dict[str, Any]:
        return json.loads((self / "manifest.json").read_text())

    def edit(self, change: Callable[[dict[str, Any]], object]) -> None:
        manifest = self.manifest
        change(manifest)
        (self / "manifest.json").write_text(json.dumps(manifest))

    def entry(self, manifest: dict[str, Any], path: str) -> dict[str, Any]:
        return next(entry for entry in manifest["files"] if entry["path"] == path)

    def seal(self, path: str, rows: int | None = None) -> None:
        """Makes the manifest, and the lineage's tie to its data, true again for a changed file."""
        content = (self / path).read_bytes()
        sha256 = hashlib.sha256(content).hexdigest()

        def change(manifest: dict[str, Any]) -> None:
            entry = self.entry(manifest, path)
            entry |= {"bytes": len(content), "sha256": sha256}
            if rows is not None:
                manifest["rows"] += (rows - entry["rows"]) * path.startswith("data/")
                entry["rows"] = rows

        self.edit(change)
        if path.startswith("data/"):
            beside = path.replace("data/", "lineage/")
            table = pq.read_table(self / beside)
            metadata = {**table.schema.metadata, b"aig.data_sha256": sha256.encode()}
            pq.write_table(table.replace_schema_metadata(metadata), self / beside)
            self.seal(beside)

    def rewrite(self, path: str, change: Callable[[pa.Table], pa.Table], **options: Any) -> None:
        table = change(pq.read_table(self / path))
        pq.write_table(table, self / path, **options)
        self.seal(path, table.num_rows)

    def set_value(self, column: str, value: Any, path: str = OPEN, row: int = 3) -> None:
        def change(table: pa.Table) -> pa.Table:
            values = table.column(column).to_pylist()
            values[row] = value
            kind = table.schema.field(column)
            return table.set_column(table.schema.get_field_index(column), kind, pa.array(values, kind.type))

        self.rewrite(path, change)

    def answer(self, task: str, output: str, row_of_task: int = 0) -> None:
        """Gives the first row of a task another answer."""
        for entry in self.manifest["files"]:
            if entry["path"].startswith("data/"):
                tasks = pq.read_table(self / entry["path"]).column("task").to_pylist()
                if task in tasks:
                    self.set_value("output", output, entry["path"], tasks.index(task))
                    return
        raise AssertionError(task)


def flip(path: Path, offset: int) -> None:
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x40
    path.write_bytes(content)


def in_a_page(s: Set) -> int:
    """Offset of a byte in the content of a data page."""
    column = pq.ParquetFile(s / OPEN).metadata.row_group(0).column(0)
    return column.data_page_offset + column.total_compressed_size - 10


def swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def reorder(table: pa.Table, first: int, second: int) -> pa.Table:
    rows = list(range(table.num_rows))
    rows[first], rows[second] = rows[second], rows[first]
    return table.take(rows)


def swap_row_of_lineage(s: Set) -> None:
    s.rewrite("lineage/open/train-00000-of-00001.parquet", lambda table: reorder(table, 2, 9))


def seal_swapped_lineage(s: Set) -> None:
    one, other = (path.replace("data/", "lineage/") for path in (CLASSES, SECOND))
    swap(s / one, s / other)
    s.seal(one)
    s.seal(other)


def with_column(table: pa.Table) -> pa.Table:
    return table.append_column(pa.field("extra", pa.string(), nullable=False), pa.array(["x"] * table.num_rows))


def with_options(table: pa.Table) -> pa.Table:
    """Lineage of which the last row says that it had options, none of them its answer."""
    nothing = [None] * (table.num_rows - 1)
    fields = [field for field in _LINEAGE if field.name in {*table.column_names, "choices", "answer_index"}]
    values = {name: table.column(name) for name in table.column_names}
    values |= {"choices": pa.array([*nothing, ["that", "this"]]), "answer_index": pa.array([*nothing, 1], pa.int32())}
    schema = pa.schema(fields, table.schema.metadata)
    return pa.table([values[field.name] for field in fields], schema=schema)


def retype(table: pa.Table) -> pa.Table:
    return table.set_column(1, pa.field("input", pa.binary(), nullable=False), table.column("input").cast(pa.binary()))


def all_nullable(table: pa.Table) -> pa.Table:
    return table.cast(pa.schema([field.with_nullable(True) for field in table.schema], table.schema.metadata))


def with_null(table: pa.Table, row: int = 3) -> pa.Table:
    mask = pa.array([index == row for index in range(table.num_rows)])
    field = pa.field("output", pa.string())
    return table.set_column(5, field, pc.if_else(mask, pa.scalar(None, pa.string()), table.column("output")))


def not_utf8(s: Set) -> None:
    path = s / OPEN
    table = pq.read_table(path)
    values = [value.encode() for value in table.column("output").to_pylist()]
    values[4] = b"caf\xe9 is not UTF-8"
    raw = pa.array(values, pa.binary())
    text = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    pq.write_table(table.set_column(5, table.schema.field(5), text), path)
    s.seal(OPEN)


def dataset_not_utf8(s: Set) -> None:
    table = pq.read_table(s / OPEN)
    raw = pa.array([b"audios\xe9t"] * table.num_rows, pa.binary())
    text = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    pq.write_table(table.set_column(3, table.schema.field(3), text), s / OPEN)
    s.seal(OPEN)


def surrogate(s: Set) -> None:
    table = pq.read_table(s / OPEN)
    values = [value.encode() for value in table.column("instruction").to_pylist()]
    values[4] = "half a character \ud83d".encode("utf-8", "surrogatepass")
    raw = pa.array(values, pa.binary())
    text = pa.Array.from_buffers(pa.string(), len(raw), raw.buffers())
    pq.write_table(table.set_column(0, table.schema.field(0), text), s / OPEN)
    s.seal(OPEN)


def repeat_row(s: Set) -> None:
    for path in (OPEN, OPEN.replace("data/", "lineage/")):
        s.rewrite(path, lambda table: pa.concat_tables([table.slice(0, 5), table.slice(4)]))


def repeat_across_folders(s: Set) -> None:
    one = pq.read_table(s / OPEN.replace("data/", "lineage/")).column("qa_id")[0].as_py()
    s.set_value("qa_id", one, CLOSED.replace("data/", "lineage/"), 0)


def link(s: Set) -> None:
    target = s.folder.parent / "elsewhere.parquet"
    (s / OPEN).rename(target)
    (s / OPEN).symlink_to(target)


def linked_folder(s: Set) -> None:
    target = s.folder.parent / "elsewhere"
    (s / "data/open").rename(target)
    (s / "data/open").symlink_to(target)


def set_path(path: str) -> Callable[[Set], None]:
    def change(s: Set) -> None:
        s.edit(lambda manifest: s.entry(manifest, OPEN).update(path=path))

    return change


def edit(change: Callable[[dict[str, Any]], object]) -> Callable[[Set], None]:
    return lambda s: s.edit(change)


def entry_edit(**values: Any) -> Callable[[Set], None]:
    return lambda s: s.edit(lambda manifest: s.entry(manifest, OPEN).update(values))


def huge_row_group(s: Set) -> None:
    def change(table: pa.Table) -> pa.Table:
        return pa.concat_tables([table] * 2_500)

    s.rewrite(OPEN, change, row_group_size=10**6)


def huge_manifest(s: Set) -> None:
    with (s / "manifest.json").open("ab") as stream:
        stream.truncate(65 << 20)


def drop_file(s: Set, path: str) -> None:
    s.edit(lambda manifest: manifest["files"].remove(s.entry(manifest, path)))


def value(column: str, new: Any, path: str = OPEN) -> Callable[[Set], None]:
    return lambda s: s.set_value(column, new, path)


def answer(task: str, output: str) -> Callable[[Set], None]:
    return lambda s: s.answer(task, output)


LINEAGE = OPEN.replace("data/", "lineage/")


def edit_card(old: str, new: str) -> Callable[[Set], None]:
    def change(s: Set) -> None:
        text = (s / "README.md").read_text()
        assert old in text
        (s / "README.md").write_text(text.replace(old, new, 1))

    return change


def key_twice(s: Set) -> None:
    file = s / "manifest.json"
    file.write_text(file.read_text().replace('"rows"', '"rows": 1, "rows"', 1))


def without_rows(s: Set) -> None:
    shutil.rmtree(s / "data")
    shutil.rmtree(s / "lineage")
    s.edit(lambda m: m.update(rows=0, files=[], counts={}, clips={}))


def without_shard(s: Set) -> None:
    """A shard taken out, and the manifest made to agree."""
    tasks = pq.read_table(s / SECOND, columns=["dataset", "task"]).to_pylist()
    for path in (SECOND, SECOND.replace("data/", "lineage/")):
        (s / path).unlink()
        drop_file(s, path)

    def change(manifest: dict[str, Any]) -> None:
        manifest["rows"] -= len(tasks)
        for row in tasks:
            manifest["counts"][row["dataset"]][row["task"]] -= 1

    s.edit(change)


def pointers(s: Set) -> None:
    """What `git clone` leaves without Git LFS."""
    for entry in s.manifest["files"]:
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{entry['sha256']}\nsize {entry['bytes']}\n"
        (s / entry["path"]).write_text(text)


def by_pandas(s: Set) -> None:
    pq.read_table(s / OPEN).to_pandas().to_parquet(s / OPEN)


def by_duckdb(s: Set) -> None:
    import duckdb

    with duckdb.connect() as db:
        db.execute(f"COPY (FROM '{s / OPEN}') TO '{s / OPEN}.new' (FORMAT parquet)")
    Path(f"{s / OPEN}.new").rename(s / OPEN)


def swap_values(column: str) -> Callable[[Set], None]:
    """Two rows of one task change a value, under unchanged lineage."""

    def change(table: pa.Table) -> pa.Table:
        values = table.column(column).to_pylist()
        first = table.column("task").to_pylist().index("pitch_cla")
        second = next(
            row
            for row, task in enumerate(table.column("task").to_pylist())
            if task == "pitch_cla" and values[row] != values[first]
        )
        values[first], values[second] = values[second], values[first]
        index = table.schema.get_field_index(column)
        return table.set_column(index, table.schema.field(index), pa.array(values))

    return lambda s: s.rewrite(CLASSES, change)


def same_row_twice(s: Set) -> None:
    """The six columns of one row also under the lineage of the next."""
    s.rewrite(OPEN, lambda t: pa.concat_tables([t.slice(0, 5), t.slice(4, 1), t.slice(6)]))
