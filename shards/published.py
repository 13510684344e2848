"""A published set on a disk, an object store or a web server: its manifest, its files, its rows."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import ValidationError

from aig.core.errors import DataError, UsageError
from aig.core.storage import filesystem, is_local
from aig.shards.manifest import MANIFEST, FileEntry, Manifest, lineage_path
from aig.shards.schema import SUPPORTED_VERSIONS

if TYPE_CHECKING:
    import duckdb

__all__ = ["PublishedSet", "local_folder"]

MANIFEST_BYTES = 64 << 20
"""A larger manifest is not read."""


def local_folder(url: str) -> Path | None:
    """The folder that a URL names on this machine's disks; `None` where it is elsewhere."""
    return Path(filesystem(url)[1]) if is_local(url) else None


class PublishedSet:
    """A folder of published shards, read only.

    Args:
        url: a local path, `https://`, `s3://` or any fsspec URL.

    Attributes:
        local: the folder, where it is on this machine's disks.

    Raises:
        UsageError: nothing is at `url`, or it cannot be reached.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            self._fs, self._root = filesystem(url)
            found = self._fs.exists(f"{self._root}/{MANIFEST}") or self._fs.exists(self._root)
        except (ImportError, ValueError, OSError) as error:
            advice = "See that the address is right, that the server answers, and that what it needs is installed."
            raise UsageError(f"{url} cannot be reached: {error}", advice) from error
        if not found:
            raise UsageError(f"nothing is at {url}", "Name the folder that holds manifest.json.")
        self.local = Path(self._root) if is_local(url) else None

    def problems(self) -> tuple[Manifest | None, list[tuple[str, str]]]:
        """The manifest, or what is wrong with it: code and message of each problem."""
        path = f"{self._root}/{MANIFEST}"
        if not self._fs.isfile(path):
            return None, [("no_manifest", "no manifest.json: not a published set, or an interrupted publish")]
        if self._fs.size(path) > MANIFEST_BYTES:
            return None, [("manifest", f"manifest.json is larger than {MANIFEST_BYTES} bytes")]
        try:
            manifest = Manifest.model_validate_json(self._fs.cat_file(path))
        except ValidationError as error:
            return None, [
                ("manifest", f"manifest.json, {'.'.join(map(str, item['loc'])) or 'top'}: {item['msg'][:200]}")
                for item in error.errors(include_url=False, include_context=False)
            ]
        if manifest.schema_version not in SUPPORTED_VERSIONS:
            known = " or ".join(map(repr, SUPPORTED_VERSIONS))
            message = f"the set has schema version {manifest.schema_version[:20]!r}, not {known}"
            return None, [("schema_version", message)]
        return manifest, []

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
        """The plain files under `data/` and `lineage/`, and the links there; `None` where the server lists nothing."""
        found: set[str] = set()
        links: set[str] = set()
        for folder in ("data", "lineage"):
            if self.local is not None:
                for path in _walk(self.local / folder):
                    (links if path.is_symlink() else found).add(path.relative_to(self.local).as_posix())
            else:
                try:
                    paths = self._fs.find(f"{self._root}/{folder}")
                except (NotImplementedError, OSError):
                    return None
                found |= {path[path.index(self._root) + len(self._root) + 1 :] for path in paths}
        return (found, links) if found or links or self.local is not None else None

    def exists(self, path: str) -> bool:
        """Whether a file of the set is there."""
        return bool(self._fs.exists(f"{self._root}/{path}"))

    def size(self, path: str) -> int | None:
        """Bytes of a file of the set; `None` where the server does not say."""
        size = self._fs.size(f"{self._root}/{path}")
        return None if size is None else int(size)

    @contextlib.contextmanager
    def file(self, path: str) -> Iterator[Path]:
        """A file of the set on this machine's disk: itself, or a copy that is removed after the block."""
        if self.local is not None:
            yield self.local / path
            return
        with tempfile.TemporaryDirectory(prefix="aig-shards-") as folder:
            target = Path(folder, path.rsplit("/", 1)[-1])
            self._fs.get_file(f"{self._root}/{path}", str(target))
            yield target

    @contextlib.contextmanager
    def connection(self, memory: str) -> Iterator[tuple[duckdb.DuckDBPyConnection, Callable[[str], str]]]:
        """A private DuckDB connection, and a function from a path in the set to the address DuckDB reads.

        It uses up to `memory` and spills to a temporary folder beyond. Files on a web server, whose answers lack what
        DuckDB needs, are downloaded on first use and removed after the block.
        """
        import duckdb

        with tempfile.TemporaryDirectory(prefix="aig-duckdb-") as folder, duckdb.connect(":memory:") as db:
            db.execute("SET memory_limit = ?", [memory])
            db.execute("SET temp_directory = ?", [folder])
            db.execute("SET enable_progress_bar = false")
            web = {"http", "https"} & {
                *([self._fs.protocol] if isinstance(self._fs.protocol, str) else self._fs.protocol)
            }
            if self.local is None and not web:
                db.register_filesystem(self._fs)

            def address(path: str) -> str:
                if self.local is not None:
                    return str(self.local / path)
                if not web:
                    return str(self._fs.unstrip_protocol(f"{self._root}/{path}"))
                target = Path(folder, path)
                if not target.exists():
                    target.parent.mkdir(parents=True, exist_ok=True)
                    self._fs.get_file(f"{self._root}/{path}", str(target))
                return str(target)

            yield db, address

    def rows(self, entry: FileEntry, data: Sequence[str], lineage: Sequence[str] = ()) -> Iterator[pa.Table]:
        """The rows of a data file with columns of its lineage beside them, row group by row group."""
        with contextlib.ExitStack() as stack:
            wanted = {entry.path: list(data), lineage_path(entry.path): list(lineage)}
            files = [(self.file(path), names) for path, names in wanted.items() if names]
            readers = [(pq.ParquetFile(stack.enter_context(file)), names) for file, names in files]
            for group in range(readers[0][0].num_row_groups):
                tables = [reader.read_row_group(group, columns=names) for reader, names in readers]
                table = tables[0]
                for beside in tables[1:]:
                    for name in beside.column_names:
                        table = table.append_column(beside.schema.field(name), beside.column(name))
                yield table


def _walk(folder: Path) -> Iterator[Path]:
    """Every file and link below a folder, without following links."""
    if folder.is_symlink():
        yield folder
    elif folder.is_dir():
        for path in sorted(folder.iterdir()):
            yield from _walk(path) if path.is_dir() and not path.is_symlink() else (path,)
