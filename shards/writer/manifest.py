"""`manifest.json`: what a published set holds, file by file; written last, so that a set without one is unfinished."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from aig.shards.schema import SCHEMA_VERSION
from aig.shards.writer.build import Build

__all__ = ["MANIFEST", "FileEntry", "Manifest", "is_shard", "lineage_path", "shard_path"]

MANIFEST = "manifest.json"

_PATH = re.compile(r"(?:data|lineage)/(?:classification|closed|open)/train-\d{5}-of-\d{5}\.parquet")


def shard_path(category: str, index: int, count: int) -> str:
    """Path of a data file inside the set: `data/open/train-00000-of-00012.parquet`."""
    return f"data/{category}/train-{index:05d}-of-{count:05d}.parquet"


def lineage_path(data_path: str) -> str:
    """Path of the lineage file beside a data file."""
    return f"lineage/{data_path.removeprefix('data/')}"


def is_shard(path: str) -> bool:
    """Whether a path inside a set is that of a data or lineage file."""
    return _PATH.fullmatch(path) is not None


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class FileEntry(_Model):
    """One file of the set.

    Attributes:
        path: inside the set, with `/`; only the names of `shard_path` and `lineage_path`.
        rows: in it.
        bytes: its size.
        sha256: of its content, in hexadecimal.
    """

    path: Annotated[str, Field(pattern=f"^{_PATH.pattern}$")]
    rows: Annotated[int, Field(ge=0, le=10**12)]
    bytes: Annotated[int, Field(ge=0, le=10**15)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Manifest(_Model):
    """What a published set holds.

    Attributes:
        schema_version: of the layout and columns.
        rows: in all data files together.
        files: every data and lineage file, ordered by path.
        counts: rows by dataset and task.
        clips: clips that rows are about, by dataset.
        left_out: rows that were not published, by reason.
        build: how the set was built.
    """

    schema_version: str = SCHEMA_VERSION
    rows: Annotated[int, Field(ge=0, le=10**12)]
    files: tuple[FileEntry, ...]
    counts: dict[str, dict[str, int]]
    clips: dict[str, int] = {}
    left_out: dict[str, int] = {}
    build: Build

    @property
    def data_files(self) -> tuple[FileEntry, ...]:
        """The entries of data files alone."""
        return tuple(entry for entry in self.files if entry.path.startswith("data/"))

    def to_bytes(self) -> bytes:
        """The manifest as it stands in the file: the same content gives the same bytes."""
        return (self.model_dump_json(indent=1) + "\n").encode()
