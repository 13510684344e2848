"""The workspace: where each stage's tables lie, on a local disk or an object store, and how they are joined.

    clips/<dataset>/part-*.parquet        features/<dataset>/part-*.parquet
    selection/<name>.parquet              selection/<name>.dropped.parquet
    responses/                            qa/<dataset>/<kind>/part-*.parquet
    quarantine/<stage>/part-*.parquet     shards/           report.html

A part's name holds a hash of all it was made from. A part that exists is therefore up to date, nobody keeps a list of
what is done, and an interrupted run continues by making the parts that are missing.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from typing import TYPE_CHECKING, Any, BinaryIO

import fsspec
import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.databases import spilling_database
from aig.core.errors import DataError
from aig.core.storage import filesystem, is_local, open_file, read_small, write_bytes
from aig.core.tables import FORMER_NAMES, Record, from_batch, to_table, write_table
from aig.pipelines.workspace.object_store import KnownFiles

if TYPE_CHECKING:
    import duckdb

__all__ = ["Workspace", "parsed_json"]

_WILDCARD = re.compile(r"[\[*?]")
_MARKS = ("ETag", "etag", "md5Hash", "mtime", "last_modified", "LastModified", "updated", "created")
"""What listings of disks and object stores call what changes when a file is written again."""


@dataclass(frozen=True)
class Workspace:
    """A folder or URL prefix with the tables of one build.

    Attributes:
        root: absolute path or fsspec URL.
    """

    root: str

    @cached_property
    def _filesystem(self) -> tuple[fsspec.AbstractFileSystem, str]:
        return filesystem(self.root)

    def url(self, *names: str) -> str:
        """Address of a file or folder of the workspace."""
        return posixpath.join(self.root, *names)

    def target(self, *names: str) -> str:
        """Address that a file or folder is written to: its own, but for a draft of a workspace."""
        return self.url(*names)

    def exists(self, *names: str) -> bool:
        """Whether a file or folder is there."""
        fs, root = self._filesystem
        return bool(fs.exists(posixpath.join(root, *names)))

    def parts(self, *folder: str) -> list[str]:
        """Names of the table parts in a folder, sorted; unfinished files are never among them."""
        return self.tables("part", *folder)

    def tables(self, prefix: str, *folder: str) -> list[str]:
        """Names of the tables in a folder that begin with `<prefix>-`, sorted."""
        return [name for name in self.files(*folder) if name.startswith(f"{prefix}-") and name.endswith(".parquet")]

    def folders(self, *folder: str) -> list[str]:
        """Names of the folders in a folder, sorted."""
        fs, root = self._filesystem
        fs.invalidate_cache()
        path = posixpath.join(root, *folder)
        if not fs.isdir(path):
            return []
        inside = [item["name"] for item in fs.ls(path, detail=True) if item["type"] == "directory"]
        return sorted(posixpath.basename(name.rstrip("/")) for name in inside)

    def files(self, *folder: str) -> list[str]:
        """Names of the files in a folder, sorted."""
        return sorted(self._files(*folder))

    def _files(self, *folder: str) -> Mapping[str, dict[str, Any]]:
        """What a listing says of each file in a folder, by name."""
        fs, root = self._filesystem
        fs.invalidate_cache()
        path = posixpath.join(root, *folder)
        if not fs.isdir(path):
            return {}
        items = (item for item in fs.ls(path, detail=True) if item["type"] == "file")
        return {posixpath.basename(item["name"]): item for item in items}

    def state(self, *folder: str, prefix: str = "") -> list[tuple[str, int, str]]:
        """What tells the files of a folder whose names begin so from others: name, size, and when or what was written.

        No file is opened. A file that was written again has another state, even under its old name.
        """
        files = self._files(*folder).items()
        return sorted((name, info["size"], _mark(info)) for name, info in files if name.startswith(prefix))

    def tree(self, *folder: str) -> list[tuple[str, int, str]]:
        """As `state`, of all files below a folder, by their paths in it."""
        return sorted((name, info["size"], _mark(info)) for name, info in self._tree(*folder).items())

    def _tree(self, *folder: str) -> Mapping[str, dict[str, Any]]:
        """What a listing says of each file below a folder, by its path in it."""
        fs, root = self._filesystem
        fs.invalidate_cache()
        path = posixpath.join(root, *folder)
        return {posixpath.relpath(name, path): info for name, info in fs.find(path, detail=True).items()}

    def remove(self, *names: str) -> None:
        """Removes a file, or a folder with all it holds; nothing happens where there is none."""
        fs, root = self._filesystem
        path = posixpath.join(root, *names)
        if fs.exists(path):
            fs.rm(path, recursive=True)

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_known_files"}

    def write(self, records: Iterable[Record], kind: type[Record], *names: str) -> int:
        """Writes records as one table that appears whole or not at all; returns its rows."""
        table = to_table(records, kind)
        return write_table(self.target(*names), [table], table.schema)

    def write_text(self, text: str, *names: str) -> None:
        """Writes a small text file that appears whole or not at all."""
        write_bytes(self.target(*names), text.encode())

    def read_text(self, *names: str) -> str | None:
        """Text of a small file, or `None` where there is none."""
        fs, path = filesystem(self.url(*names))
        try:
            content = read_small(fs, path)
        except FileNotFoundError:
            return None
        return content.decode()

    def read_json(self, *names: str, advice: str = "Restore it from a back-up, or remove it.") -> Any:
        """Content of a small JSON file, or `None` where there is none.

        Args:
            names: of its folders and of the file.
            advice: what to do where it is damaged.

        Raises:
            DataError: it is not JSON.
        """
        text = self.read_text(*names)
        return None if text is None else parsed_json(self.url(*names), text, advice)

    def batches(self, urls: Iterable[str], columns: list[str] | None = None) -> Iterator[pa.RecordBatch]:
        """Record batches of table files one after another, a row group in memory at a time."""
        for stream in self._opened(urls):
            yield from pq.ParquetFile(stream).iter_batches(batch_size=8192, columns=columns)

    def records(self, kind: type[Record], *folder: str) -> Iterator[Record]:
        """All records below a folder, part by part."""
        for batch in self.batches(self.url(*folder, part) for part in self.parts(*folder)):
            yield from from_batch(batch, kind)

    def count(self, prefix: str, *folder: str) -> int:
        """Rows of all tables in a folder whose names begin with `<prefix>-`, from the files' footers."""
        urls = [self.url(*folder, table) for table in self.tables(prefix, *folder)]
        return sum(pq.ParquetFile(stream).metadata.num_rows for stream in self._opened(urls))

    def _opened(self, urls: Iterable[str]) -> Iterator[BinaryIO]:
        """Tables opened for reading, one at a time; on a store, what a listing says of them is not asked again."""
        for folder, inside in groupby(urls, posixpath.dirname):
            local = is_local(folder)
            if not local:
                self._learn(posixpath.relpath(folder, self.root))
            for url in inside:
                with open_file(url) if local else self._known_files.open(url) as stream:
                    yield stream

    def _learn(self, folder: str) -> None:
        """Takes note of what a listing says of the files in a folder of a store."""
        infos = self._files(*folder.split("/")).values()
        self._known_files.learn(info for info in infos if "name" in info)  # a draft's own files have none

    def database(self) -> duckdb.DuckDBPyConnection:
        """A DuckDB connection that reads this workspace's tables by their addresses, on disk or object store.

        Its memory is bounded; joins and sorts beyond it spill to the local temporary folder.
        """
        database = spilling_database("1GB")
        database.execute("SET preserve_insertion_order = false")
        if not is_local(self.root):
            database.register_filesystem(self._known_files)
        return database

    @cached_property
    def _known_files(self) -> KnownFiles:
        return KnownFiles(self._filesystem[0])

    def _pattern(self, url: str) -> str:
        """The address as DuckDB reads it: on a disk, what would be a wildcard is a letter of a folder's name."""
        return _WILDCARD.sub(r"[\g<0>]", url) if is_local(url) else url

    def view(
        self,
        database: duckdb.DuckDBPyConnection,
        name: str,
        schema: pa.Schema,
        folder: Sequence[str],
        parts: Iterable[str],
    ) -> None:
        """Makes the named parts of a folder one table of a database; with no parts, an empty one of that schema.

        A column that an earlier version did not write is null in its parts; one that it called otherwise is found.
        """
        parts = list(parts)
        tables = [self.url(*folder, part) for part in parts]
        if not is_local(self.root):
            for below in sorted({posixpath.dirname(posixpath.join(*folder, part)) for part in parts}):
                self._learn(below)
            tables = self._known_files.joined(tables)
        urls = ", ".join(_quoted(self._pattern(table)) for table in tables)
        empty = f"no_{name}" if urls else name
        former = {column: FORMER_NAMES[column] for column in schema.names if column in FORMER_NAMES} if urls else {}
        for column, old in former.items():
            schema = schema.append(pa.field(old, schema.field(column).type))
        database.register("arrow", schema.empty_table())
        database.execute(f"CREATE TABLE {empty} AS SELECT * FROM arrow")  # noqa: S608 - names are our own
        database.unregister("arrow")
        if not urls:
            return
        columns = ", ".join(
            f'coalesce("{column}", "{former[column]}") AS "{column}"' if column in former else f'"{column}"'
            for column in schema.names
            if column not in former.values()
        )
        database.execute(
            f"CREATE VIEW {name} AS SELECT {columns} FROM ("  # noqa: S608 - names are our own
            f"SELECT * FROM read_parquet([{urls}], union_by_name = true) UNION ALL BY NAME SELECT * FROM {empty})"
        )


def _mark(info: Mapping[str, Any]) -> str:
    return str(next((info[mark] for mark in _MARKS if mark in info), ""))


def parsed_json(url: str, text: str | bytes, advice: str) -> Any:
    """Content of a JSON file.

    Raises:
        DataError: it is not JSON.
    """
    try:
        return json.loads(text)
    except ValueError as error:
        raise DataError(f"the file {url} is damaged: {error}", advice) from None


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
