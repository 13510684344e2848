"""`manifest.json`: what a published set holds, file by file; written last, so that a set without one is unfinished."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import Field

from aig.core.settings import Strict
from aig.core.tasks import FOLDERS, TaskSpec
from aig.shards.paper_tasks import paper_tasks
from aig.shards.schema import SCHEMA_VERSION

__all__ = [
    "MANIFEST",
    "SPLITS",
    "Build",
    "FileEntry",
    "Manifest",
    "SourceDataset",
    "is_shard",
    "lineage_path",
    "shard_path",
]

MANIFEST = "manifest.json"

SPLITS = ("train", "validation", "test")
"""Splits of a set; no speaker, video or recording is in two of them, and no file holds rows of two."""

_PATH = re.compile(
    rf"(?:(?:data|lineage)/(?:{'|'.join(FOLDERS)})|audio/(?:shareable|restricted))"
    rf"/(?:{'|'.join(SPLITS)})-\d{{5}}-of-\d{{5}}\.parquet|audio/index\.parquet"
)


def shard_path(folder: str, index: int, count: int, split: str = "train") -> str:
    """Path of a data file inside the set: `data/open/train-00000-of-00012.parquet`."""
    return f"data/{folder}/{split}-{index:05d}-of-{count:05d}.parquet"


def lineage_path(data_path: str) -> str:
    """Path of the lineage file beside a data file."""
    return f"lineage/{data_path.removeprefix('data/')}"


def is_shard(path: str) -> bool:
    """Whether a path inside a set is that of a file that a publish writes and the next one removes."""
    return _PATH.fullmatch(path) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDataset:
    """A dataset that rows come from, as the card and the manifest name it.

    Attributes:
        title: the owners' name of it.
        licence: of annotations and audio, in words.
        forbids: what the licence forbids or asks for, in a sentence; empty where it does neither.
        home: web address.
        paper: citation or address of the paper.
        longest_s: length of its longest clip, in seconds: no timestamp lies beyond it; `None` where not known.
    """

    title: str
    licence: str
    forbids: str = ""
    home: str = ""
    paper: str = ""
    longest_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """How a set was built. Nothing here may change from run to run of the same build: no times, no machine names.

    Attributes:
        schema: version of the published schema.
        code: name and version of the code, such as `aig 0.1.0`.
        seed: of the configuration; it also orders the rows.
        levels: version of the calibration of the five-level scales.
        prompts: name and version of each prompt or question bank (`speech@1`) and the hash of its text.
        sources: registry name of each dataset and what is to be said of it.
        notes: plain sentences for the card's known limits.
        held_out: plain sentences that say which clips were held against which test sets.
        tasks: those that rows may have, with the forms of their answers; none: the papers' (`paper_tasks`).
    """

    code: str
    levels: str
    seed: int = 0
    prompts: Mapping[str, str] = field(default_factory=dict)
    sources: Mapping[str, SourceDataset] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    tasks: tuple[TaskSpec, ...] = ()
    schema: str = SCHEMA_VERSION

    @property
    def task_specs(self) -> Mapping[str, TaskSpec]:
        """The tasks by name."""
        return {spec.name: spec for spec in self.tasks} or paper_tasks()


class _Model(Strict, strict=True):
    """A part of the manifest; its types are taken literally."""


class FileEntry(_Model):
    """One file of the set.

    Attributes:
        path: inside the set, with `/`; only the names of `shard_path`, `lineage_path` and the audio index.
        rows: in it.
        bytes: its size.
        sha256: of its content, in hexadecimal.
    """

    @property
    def folder(self) -> str:
        """The folder under `data/` or `lineage/` that it lies in, one of `aig.core.tasks.FOLDERS`."""
        return self.path.split("/")[1]

    @property
    def split(self) -> str:
        """The split of its rows, one of `SPLITS`."""
        return self.path.split("/")[2].partition("-")[0]

    @property
    def number(self) -> tuple[int, int]:
        """Which file of its folder and split it is, from 0, and of how many by its name."""
        _, index, _, count = self.path.removesuffix(".parquet").split("/")[2].split("-")
        return int(index), int(count)

    path: Annotated[str, Field(pattern=f"^(?:{_PATH.pattern})$")]
    rows: Annotated[int, Field(ge=0, le=10**12)]
    bytes: Annotated[int, Field(ge=0, le=10**15)]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


class Manifest(_Model):
    """What a published set holds.

    Attributes:
        schema_version: of the layout and columns.
        rows: in all data files together.
        files: every data and lineage file and the audio index, ordered by path.
        counts: rows by dataset and task.
        clips: clips that rows are about, by dataset.
        left_out: rows that were not published, by reason.
        licences: rows by the licence of their clip, of both where a row compares two; empty where no clip's is known.
        skills: rows by skill and difficulty (`aig.core.skills`); empty where none has a skill.
        pair_separator: what stands between the two clips of an `audio_id` (`aig.core.clip_pairs`); `None` where no row
            is about two.
        build: how the set was built.
    """

    schema_version: str = SCHEMA_VERSION
    rows: Annotated[int, Field(ge=0, le=10**12)]
    files: tuple[FileEntry, ...]
    counts: dict[str, dict[str, int]]
    clips: dict[str, int] = Field(default_factory=dict)
    left_out: dict[str, Annotated[int, Field(ge=0)]] = Field(default_factory=dict)
    licences: dict[str, int] = Field(default_factory=dict)
    skills: dict[str, dict[str, int]] = Field(default_factory=dict)
    pair_separator: Literal["::"] | None = None
    build: Build

    @property
    def tasks(self) -> Mapping[str, TaskSpec]:
        """The tasks that rows may have, by name."""
        return self.build.task_specs

    @property
    def data_files(self) -> tuple[FileEntry, ...]:
        """The entries of data files alone."""
        return tuple(entry for entry in self.files if entry.path.startswith("data/"))

    def file(self, path: str) -> FileEntry | None:
        """The entry of a file; `None` where the set has none of that path."""
        return next((entry for entry in self.files if entry.path == path), None)

    def to_bytes(self) -> bytes:
        """The content of `manifest.json`; the same manifest gives the same bytes."""
        return (self.model_dump_json(indent=1) + "\n").encode()
