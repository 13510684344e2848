"""Forgetting clips: whatever a workspace holds of them goes, and they do not come back.

The clips' table goes last, so the same call continues where it was interrupted.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aig.core.clip_pairs import clips_in
from aig.core.errors import UsageError
from aig.core.records import Clip
from aig.core.storage import open_file
from aig.core.tables import write_table
from aig.generators.ledger.compaction import compact
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.sources import dataset_of
from aig.pipelines.stages.generate.plan import questions
from aig.pipelines.stages.publish import publish_and_validate
from aig.pipelines.workspace.buckets import buckets, joined, selected_in
from aig.pipelines.workspace.qa_kinds import CLOSED, qa_kinds
from aig.pipelines.workspace.tombstones import Tombstones
from aig.pipelines.workspace.versions import current, remove_version, versions
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["forget"]

_STAGES = ("index", "extract", "generate", "publish")


def forget(
    configuration: Configuration, workspace: Workspace, audio_ids: Sequence[str], speakers: Sequence[str] = ()
) -> dict[str, Any]:
    """Removes clips from every table, the replies and the published versions; returns the receipt, which is kept too.

    Args:
        configuration: of the build.
        workspace: of the build, which the caller holds.
        audio_ids: ids of clips.
        speakers: each `<dataset>/<speaker_id>`; all their clips go.

    Returns:
        `clips` (ids), `rows` (removed, by table), `replies`, `versions` (removed ones), `published` (the version that
        took their place).

    Raises:
        UsageError: the workspace knows no such clip or speaker, now or of an earlier call.
    """
    stones = Tombstones.of(workspace)
    known = stones
    for speaker in speakers:
        dataset, _, speaker_id = speaker.partition("/")
        if dataset not in configuration.datasets:
            raise UsageError(f"the configuration has no dataset {dataset!r}", "Write --speaker DATASET/SPEAKER_ID.")
        stones = stones.with_speaker(dataset, speaker_id)
    stones = stones.with_clips(set(audio_ids))
    names = list(configuration.datasets)
    gone = {clip.audio_id for name in names for clip in workspace.records(Clip, "clips", name) if stones.covers(clip)}
    missing = [audio_id for audio_id in audio_ids if audio_id not in gone and not known.covers_id(audio_id)]
    if missing or (speakers and not gone and stones != known):
        raise UsageError(
            f"the workspace has no clip {', '.join(missing) or 'of ' + ', '.join(speakers)}",
            "Ids are `<dataset>/<clip>`, as in the column audio_id of every table.",
        )
    gone |= set(audio_ids)
    stones.with_clips(gone).write(workspace)
    rows: dict[str, int] = {}
    keys, pairs = _requests(configuration, workspace, gone), set[str]()
    of_clip = _naming(gone)
    for name in workspace.folders("qa"):
        for kind in workspace.folders("qa", name):
            for table in _tables(workspace, "qa", name, kind):
                found = _drop(workspace, of_clip, rows, "pairs", "qa", name, kind, table)
                if "request_id" in found.column_names:
                    keys |= set(found.column("request_id").to_pylist()) - {""}
                    pairs |= set(found.column("qa_id").to_pylist())
    for name in workspace.folders("verdicts"):
        for kind in workspace.folders("verdicts", name):
            for table in _tables(workspace, "verdicts", name, kind):
                _drop(workspace, _matching("qa_id", pairs), rows, "verdicts", "verdicts", name, kind, table)
    replies = compact(workspace.url("responses"), forget=frozenset(keys)).forgotten if keys else 0
    for stage in _STAGES:
        for table in _tables(workspace, "quarantine", stage):
            _drop(workspace, of_clip, rows, "quarantine", "quarantine", stage, table)
    for table in _tables(workspace, "selection"):
        _drop(workspace, of_clip, rows, "selection", "selection", table)
    for folder in ("features", "clips"):
        for name in names:
            for table in _tables(workspace, folder, name):
                _drop(workspace, of_clip, rows, folder, folder, name, table)
    workspace.remove("regenerated")  # pages that compare prompts, clip by clip
    removed, published = _republish(configuration, workspace)
    receipt = {
        "forgotten": datetime.now(UTC).isoformat(timespec="seconds"),
        "clips": len(gone),
        "rows": rows,
        "replies": replies,
        "versions": removed,
        "published": published,
    }
    stamp = f"{datetime.now(UTC):%Y%m%dT%H%M%S.%f}.json"
    workspace.write_text(json.dumps(receipt, indent=1) + "\n", "receipts", f"forget-{stamp}")  # without their ids
    return {**receipt, "clips": sorted(gone), "receipt": workspace.url("receipts", f"forget-{stamp}")}


def _requests(configuration: Configuration, workspace: Workspace, gone: set[str]) -> set[str]:
    """Keys of the requests that were or would be made about some clips, by the present prompts."""
    keys: set[str] = set()
    for name in {audio_id.partition("/")[0] for audio_id in gone} & set(configuration.datasets):
        dataset = dataset_of(configuration, name)
        database = joined(configuration, workspace, name, selected=True)
        for _, items in selected_in(dataset, database, buckets(database)):
            those = [item for item in items if item.measured.clip.audio_id in gone]
            for kind in qa_kinds(configuration, name):
                if kind != CLOSED:
                    keys |= {question.request.key for question in questions(configuration, kind, those)}
    return keys


def _matching(column: str, values: set[str]) -> Callable[[pa.Table], pa.ChunkedArray]:
    return lambda table: pc.is_in(table.column(column), pa.array(sorted(values), pa.string()))


def _naming(gone: set[str]) -> Callable[[pa.Table], pa.ChunkedArray]:
    """Rows about some clips, also about one of them and another."""
    values = pa.array(sorted(gone), pa.string())

    def matching(table: pa.Table) -> pa.ChunkedArray:
        first, second = clips_in(table.column("audio_id"))
        mask = pc.is_in(first, values)
        return pa.chunked_array([mask if second is None else pc.or_(mask, pc.is_in(second, values))])

    return matching


def _tables(workspace: Workspace, *folder: str) -> list[str]:
    return [file for file in workspace.files(*folder) if file.endswith(".parquet")]


def _drop(
    workspace: Workspace, matching: Callable[[pa.Table], pa.ChunkedArray], rows: dict[str, int], what: str, *place: str
) -> pa.Table:
    """Rewrites a table without some rows; returns these and counts them."""
    with open_file(workspace.url(*place)) as stream:
        table = pq.read_table(stream)
    if not {"audio_id", "qa_id"} & set(table.column_names):
        return table.slice(0, 0)
    mask = matching(table)
    found = table.filter(mask)
    if found.num_rows:
        rows[what] = rows.get(what, 0) + found.num_rows
        write_table(workspace.target(*place), [table.filter(pc.invert(mask))], table.schema)
    return found


def _republish(configuration: Configuration, workspace: Workspace) -> tuple[list[str], str | None]:
    """Publishes what is left and removes every version before it."""
    before = versions(workspace)
    if not before:
        return [], None
    if any(workspace.count("part", "qa", n, k) for n in configuration.datasets for k in qa_kinds(configuration, n)):
        with progress_of("publish", unit="rows") as progress:
            publish_and_validate(configuration, workspace, (), progress, accept_shrink=True, again=True)
    for version in before:
        remove_version(workspace, version)
    now = current(workspace)
    return [version.name for version in before], now.name if now else None
