"""The extract stage: clips whose audio is here become the workspace's table of features."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from aig.core.records import Clip, Features, Quarantined
from aig.core.tables import CLIPS, FEATURES, QUARANTINE, from_batch
from aig.extractors.measure import extractor_version, measure_clips
from aig.extractors.settings import ExtractSettings
from aig.extractors.version import Parts, parts
from aig.pipelines.workspace.answers import keep, recall
from aig.pipelines.workspace.buckets import KEPT, SOURCE_OF_CLIP
from aig.pipelines.workspace.workspace import Workspace

__all__ = [
    "clips_to_measure",
    "forget_outdated",
    "measure_batch",
    "nothing_to_measure",
    "quarantine_fatal_clip",
    "quarantine_parts",
]


def _source(clip: Clip) -> str:
    def seconds(value: float | None) -> str:
        return "" if value is None else f"{value:.3f}"

    channel = "" if clip.channel is None else f"[{clip.channel}]"
    audio = f"{clip.path}{channel}@{seconds(clip.start_s)}-{seconds(clip.end_s)}#{clip.stamp or ''}"
    return f"{audio}~{clip.gender or ''}"


def _recheck(known: Features, clip: Clip) -> Features:
    """Earlier features of a clip whose file has changed, by its stamp: to be believed where its samples are the same.

    A file that was merely copied has another time of change. It is decoded and measured again, but not transcribed.
    Where only the speaker's gender is another, the audio is the same and nothing but its rank is looked up again.
    """
    then = Parts.of(known.extractor)
    if known.source.rpartition("~")[0] == _source(clip).rpartition("~")[0] or then is None:
        return known
    return replace(known, extractor=str(then._replace(signal="")))


def quarantine_parts(workspace: Workspace, name: str, extractor: str) -> list[str]:
    """Quarantine parts of a dataset that the present extractor wrote."""
    prefix = f"part-{name}-{extractor}-"
    return [part for part in workspace.parts("quarantine", "extract") if part.startswith(prefix)]


def clips_to_measure(
    workspace: Workspace, name: str, settings: ExtractSettings, batch_clips: int
) -> tuple[int, Iterator[tuple[list[Clip], dict[str, Features]]]]:
    """How many clips of a dataset have no features by the present extractor, and these in batches.

    With each batch come the features that an earlier extractor measured, by `audio_id`: what the changed settings do
    not concern is taken from there, if the audio is the same.

    A clip in quarantine has been tried and is not tried again until its quarantine is lifted.
    """
    extractor = extractor_version(settings)
    made_from = _decides(workspace, name, extractor)
    if recall(workspace, f"to-measure-{name}", made_from) == 0:
        return 0, iter(())
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", name), workspace.parts("clips", name))
    workspace.view(database, "features", FEATURES, ("features", name), workspace.parts("features", name))
    workspace.view(
        database, "refused", QUARANTINE, ("quarantine", "extract"), quarantine_parts(workspace, name, extractor)
    )
    limited = [part for part in (f"{name}.limit.parquet",) if workspace.exists("selection", part)]
    drawn = "SEMI JOIN drawn USING (audio_id)" if limited else ""
    if limited:
        workspace.view(database, "drawn", KEPT, ("selection",), limited)
    database.execute(
        f"""
        CREATE TEMP TABLE todo AS SELECT clips.* FROM clips {drawn}
        ANTI JOIN (SELECT audio_id, source FROM features WHERE extractor = $extractor) AS measured
            ON clips.audio_id = measured.audio_id AND {SOURCE_OF_CLIP} = measured.source
        ANTI JOIN refused ON clips.audio_id = refused.audio_id
        WHERE path IS NOT NULL
        """,  # noqa: S608 - names are our own
        {"extractor": extractor},
    )
    ((todo,),) = database.execute("SELECT count(*) FROM todo").fetchall()
    if not todo:
        nothing_to_measure(workspace, name, settings)

    def batches() -> Iterator[tuple[list[Clip], dict[str, Features]]]:
        if not todo:
            return
        nearest = " + ".join(
            f"{weight} * (split_part(extractor, '-', {place}) = '{part}')::INT"
            for place, (part, weight) in enumerate(zip(parts(settings), (2, 4, 1, 1, 1), strict=True), start=1)
        )
        earlier = ", ".join(f"earlier.{column}" for column in FEATURES.names if column != "audio_id")
        ordered = database.execute(
            f"""
            SELECT todo.*, {earlier}, earlier.audio_id IS NOT NULL AS known FROM todo
            LEFT JOIN (
                SELECT DISTINCT ON (audio_id) * FROM features SEMI JOIN todo USING (audio_id) ORDER BY {nearest} DESC
            ) AS earlier
                ON todo.audio_id = earlier.audio_id
            ORDER BY path, start_s, todo.audio_id
            """  # noqa: S608 - names are our own
        )
        for batch in ordered.to_arrow_reader(batch_clips):
            clips = list(from_batch(batch, Clip))
            known = {row.audio_id: row for row in from_batch(batch.filter(batch.column("known")), Features)}
            yield (
                clips,
                {clip.audio_id: _recheck(known[clip.audio_id], clip) for clip in clips if clip.audio_id in known},
            )

    return todo, batches()


def nothing_to_measure(workspace: Workspace, name: str, settings: ExtractSettings) -> None:
    """Takes note that every clip is measured or in quarantine, so that the next run need not look."""
    keep(workspace, f"to-measure-{name}", _decides(workspace, name, extractor_version(settings)), 0)


def _decides(workspace: Workspace, name: str, extractor: str) -> list[object]:
    """What decides about which clips are to be measured."""
    return [
        [extractor, SOURCE_OF_CLIP],
        workspace.state("clips", name),
        workspace.state("features", name, prefix=f"part-{extractor}-"),
        workspace.state("quarantine", "extract", prefix=f"part-{name}-{extractor}-"),
        workspace.state("selection", prefix=f"{name}.limit.parquet"),
    ]


def measure_batch(
    workspace: Workspace,
    name: str,
    root: str,
    clips: Sequence[Clip],
    known: Mapping[str, Features],
    settings: ExtractSettings,
    on_clip: Callable[[], None] = lambda: None,
) -> dict[str, int]:
    """Measures a batch of clips and writes what came out; returns how many were measured and quarantined.

    `on_clip` is called after each clip. The quarantined are written first: a clip found there or in the features is
    done, so a batch interrupted between the two files is tried again for the others only.
    """
    extractor = extractor_version(settings)
    by_id = {clip.audio_id: clip for clip in clips}
    measured: list[Features] = []
    refused: list[Quarantined] = []
    for item in measure_clips(clips, root, settings, known):
        on_clip()
        if isinstance(item, Quarantined):
            refused.append(item)
        else:
            measured.append(replace(item, source=_source(by_id[item.audio_id])))
    batch = _batch(clips)
    if refused:
        workspace.write(refused, Quarantined, "quarantine", "extract", f"part-{name}-{extractor}-{batch}.parquet")
    if measured:
        workspace.write(measured, Features, "features", name, f"part-{extractor}-{batch}.parquet")
    return {"measured": len(measured), "quarantined": len(refused)}


def quarantine_fatal_clip(workspace: Workspace, name: str, clip: Clip, settings: ExtractSettings) -> dict[str, int]:
    """Puts a clip aside whose measuring ended its worker each time it was tried; returns the counts of its batch."""
    item = Quarantined(
        dataset=clip.dataset,
        audio_id=clip.audio_id,
        stage="extract",
        error="worker_died",
        message=f"{clip.path}: the process that measured it, and nothing else, exited unexpectedly, twice",
        advice="It ran out of memory, hung, or its decoder crashed: look at the file, give workers more memory, or "
        "raise runner.stuck_after_s; then `aig retry-quarantine`.",
    )
    part = f"part-{name}-{extractor_version(settings)}-{_batch([clip])}.parquet"
    workspace.write([item], Quarantined, "quarantine", "extract", part)
    return {"measured": 0, "quarantined": 1}


def _batch(clips: Sequence[Clip]) -> str:
    """A batch's part of the names of its files: another for other clips, even if they lie in the same audio."""
    members = sorted(f"{clip.audio_id}\n{_source(clip)}" for clip in clips)
    return hashlib.sha256("\n".join(members).encode()).hexdigest()[:16]


def forget_outdated(workspace: Workspace, name: str, settings: ExtractSettings) -> None:
    """Removes what an extractor of other code or settings put aside, once the present one has worked all clips.

    What it measured stays: transcribing takes days, and going back to its settings is then free.
    """
    extractor = extractor_version(settings)
    current = set(quarantine_parts(workspace, name, extractor))
    for part in workspace.parts("quarantine", "extract"):
        if _dataset_of(part) == name and part not in current:
            workspace.remove("quarantine", "extract", part)


def _dataset_of(part: str) -> str:
    """Dataset in a quarantine part's name, `part-<dataset>-<hash>-<hash>.parquet`; dataset names hold no `-`."""
    return part.removeprefix("part-").split("-", 1)[0]
