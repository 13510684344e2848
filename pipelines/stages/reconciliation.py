"""Where the clips went: each ends in exactly one place, and the sums are checked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from aig.core.errors import DataError
from aig.core.records import Quarantined
from aig.core.tables import CLIPS, DROPPED, QUARANTINE, from_batch
from aig.extractors.measure import extractor_version
from aig.pipelines.configuration import Configuration
from aig.pipelines.stages.extract import quarantine_parts
from aig.pipelines.workspace.answers import remembered
from aig.pipelines.workspace.buckets import KEPT, selections_of
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["CLIP_SUMS", "add_up", "check_sums", "clip_sums", "count_quarantined", "index_sums", "quarantined_of"]

_STAGES = ("index", "extract", "generate")

CLIP_SUMS = ("read", "missing_audio", "quarantined", "dropped", "kept")


_ENDS = (".parquet", ".dropped.parquet")


def clip_sums(configuration: Configuration, workspace: Workspace, name: str) -> dict[str, int]:
    """How many items of a dataset were read, and how many of these lack audio, are in quarantine, dropped, kept.

    Kept are clips that any of the dataset's selections keeps; dropped those that its limit or all selections left
    out. A stage that has not run yet counts nothing, so the sums add up only from the select stage on.
    """
    extractor = extractor_version(configuration.extract)
    selections = list(selections_of(configuration, name))
    files = {f"{name}.limit.dropped.parquet"} | {f"{s}{end}" for s in selections for end in _ENDS}
    made_from = [
        [extractor, selections],
        workspace.state("clips", name),
        workspace.state("quarantine", "index", prefix=f"part-{name}-"),
        workspace.state("quarantine", "extract", prefix=f"part-{name}-{extractor}-"),
        [state for state in workspace.state("selection") if state[0] in files],
    ]
    sums: dict[str, int] = remembered(
        workspace, f"sums-{name}", made_from, lambda: _clip_sums(workspace, name, extractor, selections)
    )
    return sums


def _clip_sums(workspace: Workspace, name: str, extractor: str, selections: list[str]) -> dict[str, int]:
    database = workspace.database()
    view = workspace.view
    view(database, "clips", CLIPS, ("clips", name), workspace.parts("clips", name))
    view(database, "malformed", QUARANTINE, ("quarantine", "index"), _parts_of(workspace, name, "index"))
    view(database, "unreadable", QUARANTINE, ("quarantine", "extract"), quarantine_parts(workspace, name, extractor))
    selections = [s for s in selections if workspace.exists("selection", f"{s}.parquet")]
    view(database, "kept", KEPT, ("selection",), [f"{s}.parquet" for s in selections])
    limit = [f"{name}.limit.dropped.parquet"] if workspace.exists("selection", f"{name}.limit.dropped.parquet") else []
    dropped = limit + [f"{s}.dropped.parquet" for s in selections]
    view(database, "dropped", DROPPED, ("selection",), dropped)
    (row,) = database.execute(
        """SELECT
            (SELECT count(*) FROM clips) + (SELECT count(*) FROM malformed),
            (SELECT count(*) FROM clips WHERE path IS NULL),
            (SELECT count(*) FROM malformed)
                + (SELECT count(*) FROM clips SEMI JOIN unreadable ON clips.audio_id = unreadable.audio_id),
            (SELECT count(DISTINCT audio_id) FROM dropped ANTI JOIN kept ON dropped.audio_id = kept.audio_id),
            (SELECT count(DISTINCT audio_id) FROM kept)
        """
    ).fetchall()
    return dict(zip(CLIP_SUMS, row, strict=True))


def index_sums(workspace: Workspace, name: str) -> dict[str, int]:
    """How many clips a dataset annotates, how many of these have and lack their audio here, and malformed items."""
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", name), workspace.parts("clips", name))
    ((annotated, with_audio),) = database.execute("SELECT count(*), count(path) FROM clips").fetchall()
    malformed = workspace.count(f"part-{name}", "quarantine", "index")
    return {
        "annotated": annotated,
        "with_audio": with_audio,
        "missing_audio": annotated - with_audio,
        "quarantined": malformed,
    }


def add_up(sums: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """The sums of several datasets together."""
    rows = list(sums)
    return {key: sum(row[key] for row in rows) for key in CLIP_SUMS}


def check_sums(name: str, sums: Mapping[str, int]) -> None:
    """Checks that no clip was lost and none is in two places.

    Raises:
        DataError: the sums do not add up.
    """
    placed = sum(sums[key] for key in CLIP_SUMS if key != "read")
    if placed != sums["read"]:
        parts = ", ".join(f"{key.replace('_', ' ')} {sums[key]:,}" for key in CLIP_SUMS)
        raise DataError(
            f"{name}: the clips do not add up: {parts}",
            "Run the same command again; if it stays so, this is a fault of the pipeline worth a report.",
        )


def count_quarantined(workspace: Workspace, name: str) -> int:
    """How many of a dataset's items are in quarantine, in all stages together."""
    made_from = [workspace.state("quarantine", stage, prefix=f"part-{name}-") for stage in _STAGES]
    if not any(made_from):
        return 0
    return int(
        remembered(
            workspace,
            f"quarantined-{name}",
            made_from,
            lambda: sum(workspace.count(f"part-{name}", "quarantine", stage) for stage in _STAGES),
        )
    )


def quarantined_of(workspace: Workspace, name: str) -> Iterator[Quarantined]:
    """A dataset's items in quarantine, by stage."""
    for stage in _STAGES:
        parts = _parts_of(workspace, name, stage)
        for batch in workspace.batches(workspace.url("quarantine", stage, part) for part in parts):
            yield from from_batch(batch, Quarantined)


def _parts_of(workspace: Workspace, name: str, stage: str) -> list[str]:
    return [part for part in workspace.parts("quarantine", stage) if part.startswith(f"part-{name}-")]
