"""A hundred ways to damage a published set, each with the code of the finding that must follow."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

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


DAMAGE: dict[str, tuple[str, Callable[[Set], Any]]] = {
    # files
    "a byte of the leading magic": ("sha256", lambda s: flip(s / OPEN, 1)),
    "a byte of a data page": ("sha256", lambda s: flip(s / OPEN, 200)),
    "a byte of the footer": ("sha256", lambda s: flip(s / OPEN, -40)),
    "a byte of the footer's length": ("sha256", lambda s: flip(s / OPEN, -6)),
    "a byte of a lineage file": ("sha256", lambda s: flip(s / LINEAGE, 300)),
    "a page that does not fit its checksum": ("unreadable", lambda s: (flip(s / OPEN, in_a_page(s)), s.seal(OPEN))),
    "a truncated file": ("size", lambda s: os.truncate(s / OPEN, 900)),
    "a truncated file, sealed": ("unreadable", lambda s: (os.truncate(s / OPEN, 900), s.seal(OPEN))),
    "an empty file": ("size", lambda s: os.truncate(s / OPEN, 0)),
    "bytes added at the end": ("size", lambda s: (s / OPEN).open("ab").write(b"more")),
    "no Parquet file": ("unreadable", lambda s: ((s / OPEN).write_text("a,b\n1,2\n"), s.seal(OPEN))),
    "a missing shard": ("missing", lambda s: (s / OPEN).unlink()),
    "a missing lineage file": ("missing", lambda s: (s / LINEAGE).unlink()),
    "an extra shard": ("extra", lambda s: shutil.copy(s / OPEN, s / "data/open/train-00001-of-00001.parquet")),
    "an extra file": ("extra", lambda s: (s / "data/notes.txt").write_text("mine")),
    "two shards swapped": ("size", lambda s: swap(s / CLASSES, s / SECOND)),
    "a link to another place": ("symlink", link),
    "a folder that is a link": ("symlink", linked_folder),
    "a folder named like a shard": ("missing", lambda s: ((s / OPEN).unlink(), (s / OPEN).mkdir())),
    "a shard left out of the count": ("numbering", without_shard),
    "Git LFS pointers": ("lfs_pointer", pointers),
    "a Git LFS pointer for a manifest": (
        "lfs_pointer",
        lambda s: (s / "manifest.json").write_text(
            "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n"
        ),
    ),
    "a file written again by pandas": ("rewritten", by_pandas),
    "a file written again by DuckDB": ("rewritten", by_duckdb),
    # the card
    "no card": ("card", lambda s: (s / "README.md").unlink()),
    "a card without front matter": ("card", edit_card("---\n", "")),
    "a card whose front matter does not end": ("card", lambda s: (s / "README.md").write_text("---\nconfigs: []\n")),
    "a card that is not UTF-8": ("card", lambda s: (s / "README.md").write_bytes(b"---\ntitle: caf\xe9\n---\n")),
    "a card that is a list": ("card", lambda s: (s / "README.md").write_text("---\n- 1\n---\n")),
    "a card without configs": ("card", lambda s: (s / "README.md").write_text("---\nlicense: other\n---\n")),
    "a config that points elsewhere": ("card", edit_card("data/open/*.parquet", "elsewhere/*.parquet")),
    "a config that reads lineage": ("card", edit_card("data/open/*.parquet", "**/*.parquet")),
    "a config that reads too little": ("card", edit_card("    - data/open/*.parquet\n", "")),
    "a config too few": ("card", edit_card("config_name: stage2", "config_name: stage1")),
    "a config of a split that is not there": ("card", edit_card("split: train", "split: test")),
    "a card with other columns": ("card", edit_card("- name: input", "- name: context")),
    # lineage
    "a row's text under its old qa_id": ("qa_id", value("output", "Because it is late.")),
    "a row's question under its old qa_id": ("qa_id", value("instruction", "And why?")),
    "the answers of two rows swapped": ("qa_id", swap_values("output")),
    "the clips of two rows swapped": ("qa_id", swap_values("audio_id")),
    "two rows swapped under unchanged lineage": ("qa_id", lambda s: s.rewrite(OPEN, lambda t: reorder(t, 2, 9))),
    "the same six columns twice": ("qa_id", same_row_twice),
    "a qa_id that is no hash": ("lineage_value", value("qa_id", "17", LINEAGE)),
    "a qa_id of a megabyte": ("lineage_value", value("qa_id", "7" * 2**20, LINEAGE)),
    "a row of another split": ("split", value("split", "test", LINEAGE)),
    "a prompt that the manifest does not name": ("lineage_value", value("prompt_sha256", "b" * 64, LINEAGE)),
    "lineage of another shard": ("lineage", seal_swapped_lineage),
    "two rows of lineage swapped": ("order", swap_row_of_lineage),
    "a row of lineage too few": ("lineage", lambda s: s.rewrite(LINEAGE, lambda table: table.slice(1))),
    "a data file changed under its lineage": (
        "lineage",
        lambda s: (
            pq.write_table(reorder(pq.read_table(s / OPEN), 1, 2), s / OPEN),
            entry_edit(bytes=(s / OPEN).stat().st_size, sha256=hashlib.sha256((s / OPEN).read_bytes()).hexdigest())(s),
        ),
    ),
    "a model's answer without its request": ("lineage_value", value("request_id", "", LINEAGE)),
    "an unknown source": ("lineage_value", value("source", "guess", LINEAGE)),
    "a rule's answer among a model's": ("lineage", value("source", "rule", LINEAGE)),
    "a machine's path as the model": ("machine_path", value("model", "/home/anna/models/tiny.gguf", LINEAGE)),
    "a control character in a prompt's name": ("control_character", value("prompt", "speech\x1b[2J@1", LINEAGE)),
    "a name that is no UTF-8": ("utf8", dataset_not_utf8),
    "an empty qa_id": ("lineage_value", value("qa_id", "", LINEAGE)),
    # columns
    "a renamed column": (
        "columns",
        lambda s: s.rewrite(OPEN, lambda t: t.rename_columns(["question", *t.schema.names[1:]])),
    ),
    "an added column": ("columns", lambda s: s.rewrite(OPEN, with_column)),
    "a dropped column": ("columns", lambda s: s.rewrite(OPEN, lambda t: t.drop_columns(["input"]))),
    "reordered columns": ("columns", lambda s: s.rewrite(OPEN, lambda t: t.select([1, 0, 2, 3, 4, 5]))),
    "a retyped column": ("column_type", lambda s: s.rewrite(OPEN, retype)),
    "columns that may be null": ("nullable", lambda s: s.rewrite(OPEN, all_nullable)),
    "another schema version": (
        "schema_version",
        lambda s: s.rewrite(OPEN, lambda t: t.replace_schema_metadata({b"aig.schema_version": b"0"})),
    ),
    # rows
    "a null": ("null", lambda s: s.rewrite(OPEN, with_null)),
    "an empty output": ("empty", value("output", "")),
    "a blank instruction": ("empty", value("instruction", " \n")),
    "an empty audio_id": ("empty", value("audio_id", "")),
    "an unknown task": ("unknown_task", value("task", "open ended question")),
    "an unknown dataset": ("unknown_dataset", value("dataset", "elsewhere")),
    "an audio_id of another dataset": ("audio_id", value("audio_id", "elsewhere/a")),
    "an audio_id that climbs": ("audio_id", value("audio_id", "audioset/../../etc/passwd")),
    "an absolute audio_id": ("audio_id", value("audio_id", "/mnt/data/audioset/a")),
    "a task of another folder": ("stage_mix", value("task", "open-ended question", CLASSES)),
    "classification among the open": ("stage_mix", value("task", "pitch_cla")),
    "a qa_id twice": ("duplicate", repeat_row),
    "a qa_id twice, in two folders": ("duplicate", repeat_across_folders),
    "a machine's path": ("machine_path", value("input", "see /home/anna/clips/a.wav")),
    "a Windows machine's path": ("machine_path", value("instruction", r"What is in C:\Users\anna\a.wav?")),
    "a control character": ("control_character", value("output", "a bell \x07 rings")),
    "a control character of the second set": ("control_character", value("output", "next line\x85here")),
    "a line break in a name": ("control_character", value("audio_id", "audioset/a\nb")),
    "bytes that are no UTF-8": ("utf8", not_utf8),
    "half a surrogate pair": ("utf8", surrogate),
    "two clips with one feature file": (
        "feature_name",
        lambda s: (
            s.set_value("audio_id", "audioset/part/a_b"),
            s.set_value("audio_id", "audioset/part_a/b", CLOSED),
            s.set_value("audio_id", "audioset/part/a_b", SECOND, 2),
        ),
    ),
    "two clips three folders deep with one feature file": (
        "feature_name",
        lambda s: (
            s.set_value("audio_id", "audioset/part/one/two/a"),
            s.set_value("audio_id", "audioset/another/one/two/a", CLOSED),
        ),
    ),
    "two clips whose files differ by suffix alone": (
        "feature_name",
        lambda s: (s.set_value("audio_id", "audioset/b/a.wav"), s.set_value("audio_id", "audioset/b/a.flac", CLOSED)),
    ),
    "ids that differ by case alone": (
        "similar_ids",
        lambda s: (s.set_value("audio_id", "audioset/b/aBc"), s.set_value("audio_id", "audioset/b/abc", CLOSED)),
    ),
    "ids that differ by normal form alone": (
        "similar_ids",
        lambda s: (
            s.set_value("audio_id", "audioset/b/caf\u00e9"),
            s.set_value("audio_id", "audioset/b/cafe\u0301", CLOSED),
        ),
    ),
    "an audio_id of a megabyte": ("audio_id", value("audio_id", "audioset/" + "a" * 2**20)),
    "labels without their list": ("malformed_answer", answer("cla_label", "Guitar, music")),
    "an empty label": ("malformed_answer", answer("cla_label", "Labels: Guitar; ; Music")),
    "a description without its label": (
        "malformed_answer",
        answer("cla_label_des", "Labels with acoustic features: low"),
    ),
    "timestamps without brackets": ("malformed_answer", answer("temporal", "Label with timestamps: Tap: 9.6s-9.8s")),
    "timestamps in milliseconds": ("malformed_answer", answer("temporal_single", "Tap: [960ms-980ms]")),
    "a timestamp that ends before it begins": ("malformed_answer", answer("temporal_single", "Tap: [3.0s-2.0s]")),
    "timestamps out of order": ("malformed_answer", answer("temporal_single", "Tap: [5.0s-6.0s, 1.0s-2.0s]")),
    "a timestamp after the clip's end": ("beyond_clip", answer("temporal_single", "Tap: [5.0s-6000.0s]")),
    "an age in words": ("malformed_answer", answer("age_cla", "The estimated age of the speaker is forty.")),
    "an age with a fraction": ("malformed_answer", answer("age_cla", "The estimated age of the speaker is 44.5.")),
    "an age beyond all": ("malformed_answer", answer("age_cla", "The estimated age of the speaker is 440.")),
    "a level of no scale": ("malformed_answer", answer("pitch_cla", "The pitch is enormous.")),
    "a level of another scale": ("malformed_answer", answer("speed_cla", "The speed is high.")),
    "a score of no scale": ("malformed_answer", answer("emotion_score", "Sentiment score: 7 (ecstatic).")),
    "a transcript without its heading": ("malformed_answer", answer("ASR", "so it goes")),
    # manifest
    "no manifest": ("no_manifest", lambda s: (s / "manifest.json").unlink()),
    "a manifest that is no JSON": ("manifest", lambda s: (s / "manifest.json").write_text("{")),
    "a manifest with another key": ("manifest", edit(lambda m: m.update(surprise=1))),
    "a manifest of another version": ("schema_version", edit(lambda m: m.update(schema_version="99"))),
    "a manifest of a newer version": (
        "schema_version",
        edit(lambda m: m.update(schema_version="3", something_new=[1, 2], files="elsewhere")),
    ),
    "a set without rows": ("no_rows", without_rows),
    "a negative count of what was left out": ("manifest", edit(lambda m: m["left_out"].update(empty=-1))),
    "a manifest's wrong rows": ("rows", edit(lambda m: m.update(rows=661))),
    "a file's wrong rows": ("rows", entry_edit(rows=7)),
    "a file's wrong bytes": ("size", entry_edit(bytes=7)),
    "a file's wrong sha256": ("sha256", entry_edit(sha256="0" * 64)),
    "a manifest's wrong counts": ("counts", edit(lambda m: m["counts"]["audioset"].update(ASR=1))),
    "a manifest's wrong clips": ("clips", edit(lambda m: m["clips"].update(audioset=41))),
    "counts of what is not there": ("counts", edit(lambda m: m["counts"].update(fma={"genre_cla": 5}))),
    "a file named twice": ("manifest", edit(lambda m: m["files"].append(m["files"][0]))),
    "a shard that the manifest leaves out": ("extra", lambda s: drop_file(s, OPEN)),
    "a shard without lineage": ("missing_lineage", lambda s: drop_file(s, LINEAGE)),
    "a path that climbs": ("manifest", set_path("data/../../../etc/passwd")),
    "an absolute path": ("manifest", set_path("/etc/passwd")),
    "a path outside data and lineage": ("manifest", set_path("other/open/train-00000-of-00001.parquet")),
    "a path with a line break": ("manifest", set_path(f"{OPEN}\n")),
    "a gigantic count of rows": ("manifest", edit(lambda m: m.update(rows=10**30))),
    "a negative count of rows": ("manifest", entry_edit(rows=-1)),
    "a gigantic size": ("size", entry_edit(bytes=10**14)),
    "a number as text": ("manifest", entry_edit(rows="30")),
    "a gigantic row group": ("row_group", huge_row_group),
    "a gigantic manifest": ("manifest", huge_manifest),
}
