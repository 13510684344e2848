"""The index stage: a dataset's own annotation files become the workspace's table of clips."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from aig.core.clip_pairs import PAIR_SEPARATOR, clips_of, readable
from aig.core.members import split, stamp_of
from aig.core.records import Clip, Quarantined
from aig.core.tables import CLIPS, Record, to_table, write_table
from aig.datasets_registry.missing_audio import MUCH, explain
from aig.datasets_registry.ontology import Ontology
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.progress import Progress
from aig.pipelines.sources import dataset_of, root_of, source_of
from aig.pipelines.stages.quarantine import Reconciled
from aig.pipelines.stages.shared_names import SharedNames
from aig.pipelines.workspace.tombstones import Tombstones
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["Indexed", "digest", "index_dataset"]

log = logging.getLogger("aig")

CLIPS_PER_PART = 50_000

_REMEMBERED = 100_000
"""Paths of clips kept to tell other files apart, where much audio is missing."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What came of reading a dataset.

    Attributes:
        changed: how many clips are new, changed or gone.
        notes: what there is to say of the whole dataset, a sentence or two each: tables that are not there, where much
            of its audio is missing what was found instead.
    """

    changed: int
    notes: tuple[str, ...]


def index_dataset(configuration: Configuration, workspace: Workspace, name: str, progress: Progress) -> Indexed:
    """Reads a dataset and brings `clips/<dataset>/` and `quarantine/index/` up to date with it.

    It is read again each time, because only so are new, removed and changed items noticed; a part that did not change
    is left as it is.
    """
    root = Path(root_of(configuration, name))
    quarantine = Reconciled(workspace, name)
    dataset = dataset_of(configuration, name)
    notes: list[str] = []
    items = dataset.read(replace(source_of(configuration, name), note=notes.append))
    ontology = Ontology.read(configuration.ontology) if configuration.ontology else None
    before = set(workspace.parts("clips", name))
    clips: set[str] = set()
    quarantined: set[str] = set()
    used: set[str] = set()
    indexed = missing = 0
    forgotten = Tombstones.of(workspace)
    items = (_one_clip(item) for item in items if not (isinstance(item, Clip) and forgotten.covers(item)))
    names = SharedNames()
    for number, chunk in enumerate(map(names.without, _chunks(items))):
        good = [_placed(_stamped(item, root), ontology) for item in chunk if isinstance(item, Clip)]
        for clip in good:
            quarantine.see(clip)
            if clip.path is None:
                missing += 1
            elif len(used) < _REMEMBERED:
                used.add(clip.path)
        indexed += len(good)
        bad = [item for item in chunk if isinstance(item, Quarantined)]
        if good:
            clips.add(_write(workspace, good, Clip, ("clips", name), f"{number:05d}"))
        if bad:
            quarantined.add(_write(workspace, bad, Quarantined, ("quarantine", "index"), f"{name}-{number:05d}"))
        progress.advance(len(chunk))
    quarantine.settle()
    changed = _changed(workspace, name, before - clips, clips - before)
    _keep_only(workspace, clips, "", "clips", name)
    _keep_only(workspace, quarantined, f"part-{name}-", "quarantine", "index")
    if missing > indexed * MUCH:
        notes.append(explain(dataset, root, indexed, missing, used))
    for note in notes:
        log.warning(note)
    return Indexed(changed, tuple(notes))


def _changed(workspace: Workspace, name: str, gone: set[str], new: set[str]) -> int:
    """How many clips are in the parts that went or in the new ones, and not the same in both."""
    if not gone and not new:
        return 0
    database = workspace.database()
    workspace.view(database, "gone", CLIPS, ("clips", name), gone)
    workspace.view(database, "new", CLIPS, ("clips", name), new)
    ((count,),) = database.execute(
        """SELECT count(DISTINCT audio_id) FROM (
            (SELECT * FROM gone EXCEPT SELECT * FROM new) UNION ALL (SELECT * FROM new EXCEPT SELECT * FROM gone)
        )"""
    ).fetchall()
    return int(count)


def _one_clip(item: Clip | Quarantined) -> Clip | Quarantined:
    """The item, or why it cannot be one: its id would be taken for two clips."""
    if not isinstance(item, Clip) or readable(item.audio_id):
        return item
    return Quarantined(
        dataset=item.dataset,
        audio_id=item.audio_id,
        stage="index",
        error="audio_id",
        message=f"{item.audio_id!r} would be read as two clips, {' and '.join(map(repr, clips_of(item.audio_id)))}.",
        advice=f"Give the clip an id or a path without {PAIR_SEPARATOR + item.dataset + '/'!r}.",
    )


def _stamped(clip: Clip, root: Path) -> Clip:
    """The clip with its file's size and time of change; of a table or tar, with samples of its bytes too."""
    if clip.path is None:
        return clip
    try:
        if member := split(clip.path):
            return replace(clip, stamp=stamp_of(root / member[0]))
        status = os.stat(f"{root}/{clip.path}")  # noqa: PTH116 - twice as fast as a Path's, for millions of files
    except OSError:
        return replace(clip, path=None)  # it went while the dataset was read
    return replace(clip, stamp=f"{status.st_size}-{status.st_mtime_ns}")


def _placed(clip: Clip, ontology: Ontology | None) -> Clip:
    """The clip with what its sounds are kinds of, after the names that the ontology has for them."""
    known = clip.parents or ()
    sounds = (*(clip.labels or ()), *(event.label for event in clip.events or ()), *known)
    if not ontology or not sounds:
        return clip
    return replace(clip, parents=tuple(dict.fromkeys((*known, *ontology.ancestors(sounds)))) or None)


def digest(table: pa.Table) -> str:
    """Short hash of a freshly made table's content."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as stream:
        stream.write_table(table.combine_chunks())
    return hashlib.sha256(sink.getvalue()).hexdigest()[:16]


def _chunks(items: Iterable[Clip | Quarantined]) -> Iterator[list[Clip | Quarantined]]:
    chunk: list[Clip | Quarantined] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == CLIPS_PER_PART:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _write(workspace: Workspace, records: list[Any], kind: type[Record], folder: tuple[str, ...], prefix: str) -> str:
    table = to_table(records, kind)
    part = f"part-{prefix}-{digest(table)}.parquet"
    if not workspace.exists(*folder, part):
        write_table(workspace.target(*folder, part), [table], table.schema)
    return part


def _keep_only(workspace: Workspace, parts: set[str], prefix: str, *folder: str) -> None:
    for part in workspace.parts(*folder):
        if part.startswith(prefix) and part not in parts:
            workspace.remove(*folder, part)
