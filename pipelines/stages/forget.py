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
from aig.pipelines.held_out_audio import HELD_OUT_AUDIO
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.sources import dataset_of
from aig.pipelines.stages.generate.judge import second_requests
from aig.pipelines.stages.generate.plan import plan_pairs, questions
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
    of_clip = _naming(gone)
    rows: dict[str, int] = {}
    keys = _requests(configuration, workspace, gone)
    for name in workspace.folders("qa"):
        for kind in workspace.folders("qa", name):
            for table in _tables(workspace, "qa", name, kind):
                keys |= _texts(_drop(workspace, of_clip, rows, "pairs", "qa", name, kind, table), "request_id")
    for name in workspace.folders("verdicts"):
        for kind in workspace.folders("verdicts", name):
            for table in _tables(workspace, "verdicts", name, kind):
                found = _drop(workspace, of_clip, rows, "verdicts", "verdicts", name, kind, table)
                keys |= _texts(found, "request_id")
    replies = compact(workspace.url("responses"), forget=frozenset(keys)).forgotten if keys else 0
    for stage in _STAGES:
        for table in _tables(workspace, "quarantine", stage):
            _drop(workspace, of_clip, rows, "quarantine", "quarantine", stage, table)
    for table in _tables(workspace, "selection"):
        _drop(workspace, of_clip, rows, "selection", "selection", table)
    for name in names:
        for table in _tables(workspace, "features", name):
            sounds = _texts(_drop(workspace, of_clip, rows, "features", "features", name, table), "content")
            for copies in _tables(workspace, HELD_OUT_AUDIO) if sounds else ():
                _drop(workspace, _having("content", sounds), rows, "test_audio", HELD_OUT_AUDIO, copies)
    for name in names:
        for table in _tables(workspace, "clips", name):
            _drop(workspace, of_clip, rows, "clips", "clips", name, table)
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
    """Keys of the requests that were or would be made about some clips, by the present prompts, to any model."""
    keys: set[str] = set()
    plans = []
    for name in {audio_id.partition("/")[0] for audio_id in gone} & set(configuration.datasets):
        dataset = dataset_of(configuration, name)
        database = joined(configuration, workspace, name, selected=True)
        for _, items in selected_in(dataset, database, buckets(database)):
            those = [item for item in items if item.measured.clip.audio_id in gone]
            for kind in qa_kinds(configuration, name):
                if kind != CLOSED:
                    keys |= {question.request.key for question in questions(configuration, kind, those)}
        if configuration.generate.judge or configuration.generate.blind:
            plans += [plan_pairs(configuration, workspace, name, kind) for kind in qa_kinds(configuration, name)]
    return keys | second_requests(configuration, workspace, plans, gone)


def _texts(table: pa.Table, column: str) -> set[str]:
    """What a column holds that a table may not have."""
    return set(table.column(column).to_pylist()) - {"", None} if column in table.column_names else set()


_Matching = Callable[[pa.Table], pa.ChunkedArray | None]
"""Which rows of a table are meant; `None` where it has no such column."""


def _having(column: str, values: set[str]) -> _Matching:
    """Rows that have one of some values in a column."""
    wanted = pa.array(sorted(values), pa.string())
    return lambda table: pc.is_in(table.column(column), wanted) if column in table.column_names else None


def _naming(gone: set[str]) -> _Matching:
    """Rows about some clips, also about one of them and another."""
    values = pa.array(sorted(gone), pa.string())

    def matching(table: pa.Table) -> pa.ChunkedArray | None:
        if "audio_id" not in table.column_names:
            return None
        first, second = clips_in(table.column("audio_id"))
        mask = pc.is_in(first, values)
        return pa.chunked_array([mask if second is None else pc.or_(mask, pc.is_in(second, values))])

    return matching


def _tables(workspace: Workspace, *folder: str) -> list[str]:
    return [file for file in workspace.files(*folder) if file.endswith(".parquet")]


def _drop(workspace: Workspace, matching: _Matching, rows: dict[str, int], what: str, *place: str) -> pa.Table:
    """Rewrites a table without some rows; returns these and counts them."""
    with open_file(workspace.url(*place)) as stream:
        table = pq.read_table(stream)
    mask = matching(table)
    if mask is None:
        return table.slice(0, 0)
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
