"""A published set on a disk, an object store or a web server: its manifest, its files, its rows."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from aig.core.databases import spilling_database
from aig.core.errors import DataError, UsageError
from aig.core.storage import filesystem, is_local
from aig.core.temporary import temporary_folder
from aig.shards.hub_files import HubFiles, is_hub
from aig.shards.manifest import MANIFEST, FileEntry, Manifest, lineage_path
from aig.shards.reach import UnreachableError, reaching, shown
from aig.shards.schema import LINEAGE, SUPPORTED_VERSIONS

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

__all__ = ["PublishedSet", "is_lfs_pointer", "local_folder"]

MANIFEST_BYTES = 64 << 20
"""A larger manifest is not read."""

ATTEMPTS = 3
"""Times that a file is fetched from a server that cuts the transfer or fails for a moment."""

_LFS = b"version https://git-lfs.github.com/spec/"

_NAME = "Name the folder that holds manifest.json."
_ON_HUB = "See the tags on its page. The hub hides a private set from everybody whose HF_TOKEN may not read it."


def local_folder(url: str) -> Path | None:
    """The folder that a URL names on this machine's disks; `None` where it is elsewhere."""
    return Path(filesystem(url)[1]) if is_local(url) else None


def is_lfs_pointer(content: bytes) -> bool:
    """Whether a file's first bytes are those of a Git LFS pointer: the file itself was never downloaded."""
    return content.startswith(_LFS)


class PublishedSet:
    """A folder of published shards, read only.

    Args:
        url: a local path, `https://`, `s3://`, `hf://datasets/OWNER/NAME[@TAG]` or any fsspec URL.

    Attributes:
        url: where it is, as it may be shown.
        local: the folder, where it is on this machine's disks.

    Raises:
        UsageError: nothing is at `url`, it is not a folder, or it cannot be reached.
    """

    def __init__(self, url: str) -> None:
        if not url.strip():
            raise UsageError("the path of the published set is empty", _NAME)
        self.url = url if is_local(url) else shown(url)
        nothing = UsageError(f"nothing is at {self.url}", _ON_HUB if is_hub(url) else _NAME)
        try:
            with reaching(url):
                self._hub = HubFiles(url) if is_hub(url) else None
                self._fs, self._root = filesystem(self._hub.address if self._hub else url)
        except FileNotFoundError as error:
            raise nothing from error
        self.local = Path(self._root) if is_local(url) else None
        if self.local is not None and self.local.is_file():
            raise UsageError(f"{url} is a file, not a published set", _advice_for_file(self.local))
        if not self.exists(MANIFEST) and not self._is_there(self._root):
            raise nothing

    def _is_there(self, path: str) -> bool:
        if self.local is not None:
            return self.local.exists()
        try:
            with reaching(self.url):
                self._fs.info(path)
        except FileNotFoundError:
            return False
        return True

    def problems(self) -> tuple[Manifest | None, list[tuple[str, str]]]:
        """The manifest, or what is wrong with it: code and message of each problem.

        Raises:
            UnreachableError: the server does not let it be read.
        """
        try:
            content = self.read(MANIFEST, MANIFEST_BYTES)
        except FileNotFoundError:
            return None, [("no_manifest", "no manifest.json: not a published set, or an interrupted publish")]
        if content is None:
            return None, [("manifest", f"manifest.json is larger than {MANIFEST_BYTES} bytes")]
        if is_lfs_pointer(content):
            return None, [("lfs_pointer", "manifest.json is a Git LFS pointer: run `git lfs pull`")]
        version = _version(content)
        if version is not None and version not in SUPPORTED_VERSIONS:
            return None, [("schema_version", _unsupported(version))]
        if twice := _key_twice(content):
            return None, [("manifest", f"manifest.json names {twice!a} twice, so it says two things")]
        try:
            return Manifest.model_validate_json(content), []
        except ValidationError as error:
            return None, [
                ("manifest", f"manifest.json, {'.'.join(map(str, item['loc'])) or 'top'}: {item['msg'][:200]}")
                for item in error.errors(include_url=False, include_context=False)
            ]

    def manifest(self) -> Manifest:
        """The manifest.

        Raises:
            DataError: it is missing or not valid.
        """
        manifest, problems = self.problems()
        if manifest is None:
            raise DataError(
                f"{self.url}: {problems[0][1]}", "Publish the set again; `aig validate` lists what is wrong."
            )
        return manifest

    def listed(self) -> tuple[set[str], set[str]] | None:
        """The plain files in the set's folders, and the links there; `None` where the server lists nothing.

        Links of a Hugging Face cache lead to its own `blobs/` and count as files; hidden files, which desktops leave
        behind and no reader of sets looks at, do not count.
        """
        found: set[str] = set()
        links: set[str] = set()
        for folder in ("data", "lineage", "audio"):
            if self.local is not None:
                for path in _walk(self.local / folder):
                    strange = path.is_symlink() and not _of_hub_cache(path)
                    (links if strange else found).add(path.relative_to(self.local).as_posix())
            else:
                try:
                    with reaching(f"{self.url}/{folder}"):
                        paths = self._fs.find(f"{self._root}/{folder}")
                except (FileNotFoundError, UnreachableError):
                    return None
                found |= {path[path.index(self._root) + len(self._root) + 1 :] for path in paths}
        found = {path for path in found if not any(part.startswith(".") for part in path.split("/"))}
        return (found, links) if found or links or self.local is not None else None

    def exists(self, path: str) -> bool:
        """Whether a file of the set is there.

        Raises:
            UnreachableError: the server does not say.
        """
        try:
            self.size(path)
        except FileNotFoundError:
            return False
        return True

    def size(self, path: str) -> int | None:
        """Bytes of a file of the set; `None` where the server does not say.

        Raises:
            FileNotFoundError: it is not there.
            UnreachableError: the server does not let it be looked at.
        """
        with reaching(f"{self.url}/{path}"):
            if self.local is not None:
                return (self.local / path).stat().st_size
            size = self._fs.info(f"{self._root}/{path}").get("size")
        return None if size is None else int(size)

    def read(self, path: str, most: int) -> bytes | None:
        """The content of a small file of the set; `None` where it is larger than `most` bytes.

        Raises:
            FileNotFoundError: it is not there, or is a folder.
            UnreachableError: the server does not let it be read.
        """
        if (self.size(path) or 0) > most:
            return None
        with reaching(f"{self.url}/{path}"):
            if self.local is not None:
                if not (self.local / path).is_file():
                    raise FileNotFoundError(path)
                return (self.local / path).read_bytes()
            if self._hub is not None:
                return self._hub.download(path).read_bytes()
            content: bytes = self._fs.cat_file(f"{self._root}/{path}")
        return content if len(content) <= most else None

    @contextlib.contextmanager
    def file(self, path: str) -> Iterator[Path]:
        """A file of the set on this machine's disk: itself, or a copy that is removed after the block.

        What comes from the hub stays in the hub's cache.

        Raises:
            FileNotFoundError: the server does not have it.
            UnreachableError: the server does not let it be read, or cut it every time.
        """
        if self.local is not None:
            yield self.local / path
            return
        if self._hub is not None:
            yield self._cached(self._hub, path)
            return
        with temporary_folder("shards") as folder:
            target = Path(folder, path.rsplit("/", 1)[-1])
            self._fetch(path, target)
            yield target

    def copied(self) -> Path | None:
        """The folder of a set of the hub on this disk, with its manifest, rows and lineage fetched; else `None`.

        Raises:
            DataError: the set has no manifest that can be trusted.
            UnreachableError: the hub does not let it be read.
        """
        if self._hub is None:
            return None
        for entry in self.manifest().files:
            if entry.path.startswith(("data/", "lineage/")):
                self._cached(self._hub, entry.path)
        return self._hub.folder_of(MANIFEST)

    def _cached(self, hub: HubFiles, path: str) -> Path:
        return self._again(path, lambda: hub.download(path))

    def _fetch(self, path: str, target: Path) -> None:
        self._again(path, lambda: self._fs.get_file(f"{self._root}/{path}", str(target)))

    def _again(self, path: str, get: Callable[[], T]) -> T:
        """Gets a file from a server, more than once where the transfer is cut or the server fails for a moment."""
        for attempt in range(ATTEMPTS):
            try:
                with reaching(f"{self.url}/{path}"):
                    return get()
            except UnreachableError as error:
                if not error.passing or attempt == ATTEMPTS - 1:
                    raise
                time.sleep(0.2 * 2**attempt)
        raise AssertionError("unreachable")

    @contextlib.contextmanager
    def connection(self, memory: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Callable[[str], str]]]:
        """A private DuckDB connection, and a function from a path in the set to the address DuckDB reads.

        It uses up to `memory` and spills to a temporary folder beyond. Files on a web server, whose answers lack what
        DuckDB needs, are downloaded on first use and removed after the block.
        """
        with temporary_folder("download") as folder, spilling_database(memory) as db:
            web = {"http", "https"} & {
                *([self._fs.protocol] if isinstance(self._fs.protocol, str) else self._fs.protocol)
            }
            if self.local is None and self._hub is None and not web:
                db.register_filesystem(self._fs)

            def address(path: str) -> str:
                if self.local is not None:
                    return str(self.local / path)
                if self._hub is not None:
                    return str(self._cached(self._hub, path))
                if not web:
                    return str(self._fs.unstrip_protocol(f"{self._root}/{path}"))
                target = Path(folder, path)
                if not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    self._fetch(path, target)
                return str(target)

            yield db, address

    def rows(self, entry: FileEntry, data: Sequence[str], lineage: Sequence[str] = ()) -> Iterator[pa.Table]:
        """The rows of a data file with columns of its lineage beside them, row group by row group."""
        with contextlib.ExitStack() as stack:
            wanted = {entry.path: list(data), lineage_path(entry.path): list(lineage)}
            files = [(self.file(path), names) for path, names in wanted.items() if names]
            readers = [(pq.ParquetFile(stack.enter_context(file)), names) for file, names in files]
            for group in range(readers[0][0].num_row_groups):
                tables = [
                    _with_columns(reader.read_row_group(group, columns=names), names) for reader, names in readers
                ]
                table = tables[0]
                for beside in tables[1:]:
                    for name in beside.column_names:
                        table = table.append_column(beside.schema.field(name), beside.column(name))
                if "split" in table.column_names:  # sets of schema version 1 have the owners' names
                    at = table.schema.get_field_index("split")
                    table = table.set_column(at, LINEAGE.field("split"), pa.repeat(entry.split, table.num_rows))
                yield table


def _with_columns(table: pa.Table, names: list[str]) -> pa.Table:
    """The table with these columns; those of lineage that it lacks hold nulls."""
    for name in set(names) - set(table.column_names):
        field = LINEAGE.field(name)
        table = table.append_column(field, pa.nulls(table.num_rows, field.type))
    return table.select(names)


def _walk(folder: Path) -> Iterator[Path]:
    """Every file and link below a folder, without following links."""
    if folder.is_symlink():
        yield folder
    elif folder.is_dir():
        for path in sorted(folder.iterdir()):
            yield from _walk(path) if path.is_dir() and not path.is_symlink() else (path,)


def _of_hub_cache(path: Path) -> bool:
    """Whether a link is one of those by which a Hugging Face cache names its files."""
    target = path.resolve()
    return target.is_file() and target.parent.name == "blobs" and (target.parent.parent / "snapshots") in path.parents


def _advice_for_file(path: Path) -> str:
    if path.name == MANIFEST:
        return f"Name the folder it lies in: {path.parent}"
    return f"A set is a folder with {MANIFEST}. Rows made elsewhere become one with `aig import {path.name} --out DIR`."


def _key_twice(content: bytes) -> str | None:
    """A key that an object in a JSON text holds twice, of which readers keep either; `None` where none does."""
    found: list[str] = []

    def look(pairs: list[tuple[str, object]]) -> dict[str, object]:
        item = dict(pairs)
        if len(item) < len(pairs):
            names = [name for name, _ in pairs]
            found.append(next(name for name in names if names.count(name) > 1))
        return item

    try:
        json.loads(content, object_pairs_hook=look)
    except (ValueError, RecursionError):
        return None  # which the reading itself tells
    return found[0] if found else None


def _version(content: bytes) -> str | None:
    """The schema version that a manifest names, whatever else is in it."""
    try:
        top = json.loads(content)
    except (ValueError, RecursionError):
        return None
    version = top.get("schema_version") if isinstance(top, dict) else None
    return version if isinstance(version, str) else None


def _unsupported(version: str) -> str:
    known = " and ".join(SUPPORTED_VERSIONS)
    if version.isascii() and version.isdecimal() and int(version[:9]) > int(SUPPORTED_VERSIONS[-1]):
        return (
            f"the set has schema version {version[:20]}, made by a newer aig-audio; this one reads {known}: upgrade it"
        )
    return f"the set has schema version {version[:20]!r}; this aig-audio reads {known}"
