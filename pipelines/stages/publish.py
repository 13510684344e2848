"""The publish stage: all question-answer pairs of the workspace become one published set, which is then validated."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

import aig
from aig.core.errors import DataError
from aig.core.licences import forbids_changes
from aig.core.records import Quarantined
from aig.core.tables import FEATURES
from aig.core.tasks import OPEN_ENDED, TaskSpec
from aig.extractors.levels import load_levels
from aig.generators.closed_ended.registry import resolve
from aig.pipelines.clip_audio import audio_of_workspace
from aig.pipelines.configuration import Configuration
from aig.pipelines.held_out import held_out_notes
from aig.pipelines.runtime.progress import Progress
from aig.pipelines.sources import dataset_of
from aig.pipelines.stages.published_clips import PublishedClips
from aig.pipelines.workspace.answers import keep, recall, remembered
from aig.pipelines.workspace.buckets import known_feature_parts
from aig.pipelines.workspace.code_version import code_version
from aig.pipelines.workspace.marks import bad_pairs
from aig.pipelines.workspace.qa_kinds import CLOSED, qa_kinds
from aig.pipelines.workspace.verdicts import read_verdicts, verdict_file, with_verdicts
from aig.pipelines.workspace.versions import (
    VERSIONS,
    Version,
    adopt,
    commit,
    current,
    current_set,
    make_current,
    new_version,
    prune,
    versions,
)
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.kind_registry import task_kinds
from aig.shards.export.embed import embed_audio
from aig.shards.manifest import Build, Manifest, SourceDataset
from aig.shards.published import PublishedSet
from aig.shards.validator.validate import validate
from aig.shards.writer.writer import publish

__all__ = ["FINDINGS", "publish_and_validate"]

log = logging.getLogger("aig")

FINDINGS = "shards.findings.json"
"""What the validator said of the set last published, as `aig validate --json` prints it."""


def publish_and_validate(
    configuration: Configuration,
    workspace: Workspace,
    notes: tuple[str, ...],
    progress: Progress,
    *,
    accept_shrink: bool = False,
    again: bool = False,
) -> str:
    """Publishes the pairs of all datasets of the configuration as a new version, unless one is made of just these.

    Readers see the new version once it validates; until then, and where anything is wrong, the one before.

    Args:
        configuration: of the build.
        workspace: of the build.
        notes: sentences for the card's known limits.
        progress: told of rows.
        accept_shrink: publish although much of what is published now would be missing.
        again: publish although a version is made of parts of these names: some rows were taken out of them.

    Returns:
        Address of the published set.

    Raises:
        DataError: there is nothing to publish, the set does not validate, or it lost more than `publish.max_shrink`.
    """
    adopt(workspace)
    kinds = [(name, kind) for name in configuration.datasets for kind in qa_kinds(configuration, name)]
    parts = [(name, kind, part) for name, kind in kinds for part in workspace.parts("qa", name, kind)]
    urls = [workspace.url("qa", *place) for place in parts]
    said = _verdict_files(configuration, workspace, parts)
    build = _build(configuration, workspace, urls, notes)
    bad = sorted(bad_pairs(configuration.publish.drop)) if configuration.publish.drop else []
    key = _key(configuration, workspace, urls, build, bad, said)
    now = current(workspace)
    if now is not None and not again and _up_to_date(now, versions(workspace)[-1], key):
        _valid_still(workspace, now)
        return current_set(workspace) or now.url(workspace)
    refused: list[Quarantined] = []
    unwanted = pa.array(bad, pa.string())
    marked = {"marked_bad": 0, "judged_low": 0, "not_judged": 0, "clips_of_two_splits": 0}
    judge = configuration.generate.judge
    clips = PublishedClips(configuration, workspace)

    def batches() -> Iterator[pa.RecordBatch]:
        for place, url in zip(parts, urls, strict=True):
            verdicts = read_verdicts(workspace, *place) if place in said else None
            for batch in workspace.batches([url]):
                judged = batch
                if verdicts is not None:
                    judged = with_verdicts(batch, verdicts, judge.min_score if judge else None, marked)
                wanted = judged.filter(pc.invert(pc.is_in(judged.column("qa_id"), unwanted))) if bad else judged
                marked["marked_bad"] += judged.num_rows - wanted.num_rows
                finished = clips.finished(wanted)
                marked["clips_of_two_splits"] += wanted.num_rows - finished.num_rows
                yield finished
                progress.advance(batch.num_rows)

    before = PublishedSet(now.url(workspace)).manifest() if now is not None and not accept_shrink else None
    most = configuration.publish.max_shrink
    if now is not None and before is not None and not any(workspace.count("part", "qa", *kind) for kind in kinds):
        _refuse_shrinking(before, 0, {}, most, now.name)
    name, out = new_version(workspace)
    manifest = publish(batches(), out, configuration.publish, build, refused.append, marked, clips.index())
    if now is not None and before is not None:
        _refuse_shrinking(before, manifest.rows, manifest.clips, most, now.name)
    if configuration.publish.audio:
        _embed(configuration, out, progress)
    workspace.remove("quarantine", "publish")
    if refused:
        workspace.write(refused, Quarantined, "quarantine", "publish", "part-00000.parquet")
    _valid(workspace, out)
    version = commit(workspace, name, key)
    keep(workspace, "validated", _files(workspace, version), True)
    make_current(workspace, version)
    prune(workspace, configuration.publish.keep)
    return current_set(workspace) or out


def _up_to_date(now: Version, newest: Version, key: str) -> bool:
    """Whether the version that readers see is made of these pairs, or somebody went back to it from one that is."""
    if now.made_from == key:
        return True
    if now == newest or newest.made_from != key:
        return False
    log.warning(
        "%s is made of just these pairs, and somebody went back from it to %s, which stays. "
        "`aig rollback CONFIG %s` publishes it again.",
        newest.name, now.name, newest.name,
    )  # fmt: skip
    return True


def _embed(configuration: Configuration, out: str, progress: Progress) -> None:
    """Puts the clips' audio into a set; what may be passed on is told apart from what may not."""
    datasets = {name: dataset_of(configuration, name) for name in configuration.datasets}

    def shareable(name: str, licence: str | None) -> bool:
        dataset = datasets[name]
        return (dataset.redistributable or dataset.access == "own") and not forbids_changes(licence or "")

    _, without = embed_audio(out, audio_of_workspace(configuration), shareable, progress=progress.advance)
    if without:
        log.warning(
            "publish.audio: %d clips have rows and no audio that can be read; the set holds the others'.", without
        )


def _valid_still(workspace: Workspace, version: Version) -> None:
    """Validates a set that is published already, unless that was done since its files were written."""
    if not workspace.exists(FINDINGS) or recall(workspace, "validated", _files(workspace, version)) is None:
        _valid(workspace, version.url(workspace))
        keep(workspace, "validated", _files(workspace, version), True)


def _files(workspace: Workspace, version: Version) -> list[Any]:
    """What was validated, and by which code."""
    return [version.name, workspace.tree(VERSIONS, version.name), code_version("aig.shards")]


def _valid(workspace: Workspace, out: str) -> None:
    report = validate(out)
    workspace.write_text(json.dumps(report.to_dict(), indent=1) + "\n", FINDINGS)
    if not report.ok:
        first = report.errors[0]
        raise DataError(
            f"the set does not validate: {len(report.errors)} errors, the first: {first.code} in "
            f"{first.shard or 'the set'}: {first.message}",
            f"See all of them with `aig validate {out}`. If its files were damaged on the disk, remove {out} and "
            f"{out}.json and publish again.",
        )


def _refuse_shrinking(before: Manifest, rows: int, clips_left: Mapping[str, int], most: float, name: str) -> None:
    """Refuses a set that lost too many rows, or too many clips of a dataset, against the one that is published.

    Raises:
        DataError: it did; the message says what vanished.
    """
    lost = []
    if rows < before.rows * (1 - most):
        lost.append(f"{before.rows - rows:,} of {before.rows:,} rows")
    for dataset, clips in before.clips.items():
        left = clips_left.get(dataset, 0)
        if left < clips * (1 - most):
            lost.append(f"{clips - left:,} of {clips:,} clips of {dataset}")
    if lost:
        raise DataError(
            f"the new set lacks {', '.join(lost)} that {name} has, more than publish.max_shrink ({most:.0%}) allows; "
            f"{name} stays published",
            "See that the folders of these datasets are mounted and whole, and that the configuration names all of "
            "them. If it is meant: aig publish CONFIG --accept-shrink.",
        )


def _verdict_files(
    configuration: Configuration, workspace: Workspace, parts: list[tuple[str, str, str]]
) -> dict[tuple[str, str, str], str]:
    """By part of pairs, the file of what second models said of them; none where the configuration names none.

    Raises:
        DataError: pairs are to be judged and have not been.
    """
    settings = configuration.generate
    if settings.judge is None and settings.blind is None:
        return {}
    found: dict[tuple[str, str, str], str] = {}
    for place in parts:
        if file := verdict_file(workspace, *place):
            found[place] = file
        elif settings.judge is not None and place[1] != CLOSED:
            raise DataError(
                f"{place[0]}: nobody has judged its {place[1]} pairs yet, and generate.judge says that somebody shall.",
                "Run `aig generate CONFIG`, then publish; or take generate.judge out.",
            )
    return found


def _build(configuration: Configuration, workspace: Workspace, urls: list[str], notes: tuple[str, ...]) -> Build:
    kinds = [(name, kind) for name in configuration.datasets for kind in qa_kinds(configuration, name)]
    made_from = [(*place, workspace.state("qa", *place)) for place in kinds]
    prompts: dict[str, str] = remembered(workspace, "prompts", made_from, lambda: _prompts(workspace, urls))
    sources = {}
    for name in configuration.datasets:
        dataset = dataset_of(configuration, name)
        forbids = (
            ""
            if dataset.redistributable or dataset.access == "own"
            else "The audio may not be passed on; see the licence."
        )
        sources[name] = SourceDataset(
            title=dataset.title,
            licence=dataset.licence,
            forbids=forbids,
            home=dataset.home,
            paper=dataset.paper,
            longest_s=_longest_s(configuration, workspace, name),
        )
    return Build(
        code=f"aig {aig.__version__}",
        levels=load_levels(configuration.extract.levels).version,
        seed=configuration.seed,
        prompts=dict(sorted(prompts.items())),
        sources=sources,
        notes=notes,
        held_out=held_out_notes(configuration, workspace),
        tasks=(
            *_task_specs(configuration),
            OPEN_ENDED,
            *(kind.task for kind in task_kinds(configuration.generate.tasks)),
        ),
    )


def _prompts(workspace: Workspace, urls: list[str]) -> dict[str, str]:
    """The prompts of the pairs, each with the hash of its text."""
    prompts: dict[str, str] = {}
    for batch in workspace.batches(urls, ["prompt", "prompt_sha256"]):
        pairs = pa.Table.from_batches([batch]).group_by(["prompt", "prompt_sha256"]).aggregate([])
        prompts.update((row["prompt"], row["prompt_sha256"]) for row in pairs.to_pylist())
    return prompts


def _task_specs(configuration: Configuration) -> Iterator[TaskSpec]:
    """What the set says of its tasks; those about a scale have the words of the configuration's levels."""
    levels = load_levels(configuration.extract.levels)
    for task in resolve(configuration.generate.tasks):
        scale = "speed_by_syllables" if task.scale == "speed" and not configuration.extract.whisper else task.scale
        yield task.spec.with_words(getattr(levels, scale).words) if scale else task.spec


def _longest_s(configuration: Configuration, workspace: Workspace, name: str) -> float | None:
    """Length of a dataset's longest clip, with the half second by which annotators' times may pass its end."""
    parts = known_feature_parts(configuration, workspace, name)
    made_from = [workspace.state("features", name), parts]
    (found,) = remembered(workspace, f"longest-{name}", made_from, lambda: [_longest(workspace, name, parts)])
    return None if found is None else round(found + 0.5, 1)


def _longest(workspace: Workspace, name: str, parts: list[str]) -> float | None:
    database = workspace.database()
    workspace.view(database, "features", FEATURES, ("features", name), parts)
    ((longest,),) = database.execute("SELECT max(duration_s) FROM features").fetchall()
    return None if longest is None else float(longest)


def _key(
    configuration: Configuration,
    workspace: Workspace,
    urls: list[str],
    build: Build,
    bad: list[str],
    said: dict[tuple[str, str, str], str],
) -> str:
    made_from = [
        sorted(url.rsplit("/", 3)[1:] for url in urls),
        [
            [name, *workspace.parts("clips", name), *known_feature_parts(configuration, workspace, name)]
            for name in configuration.datasets
        ],
        configuration.publish.model_dump(
            mode="json", exclude={"drop", "keep", "max_shrink", *([] if configuration.publish.audio else ["audio"])}
        ),
        repr(build),
        bad,
        sorted(said.values()),
        configuration.generate.judge.min_score if configuration.generate.judge else None,
    ]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()
