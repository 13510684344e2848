"""What a run would do, stage by stage and why, with what it would cost; nothing of the workspace is changed.

The stages that read tables alone (index, select) run on a draft of the workspace, so what is counted here is what they
would do. Nothing is measured and nobody is asked.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from aig.core.records import Clip, Features, Measured
from aig.core.storage import is_local
from aig.core.tables import CLIPS, FEATURES, from_batch
from aig.core.temporary import temporary_folder
from aig.extractors.version import Parts, parts
from aig.generators.client.estimate import estimate_cost, total
from aig.generators.closed_ended import closed_pairs
from aig.generators.closed_ended.peers import Peers
from aig.generators.closed_ended.registry import resolve
from aig.generators.ledger.ledger import Ledger
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.progress import progress_of
from aig.pipelines.sources import dataset_of
from aig.pipelines.stages.extract import clips_to_measure
from aig.pipelines.stages.generate.plan import Plan, clips_of, plan_dataset, requests_of, why_outdated
from aig.pipelines.stages.index import index_dataset
from aig.pipelines.stages.select import limit_dataset, outdated_selections, select_dataset
from aig.pipelines.workspace.buckets import derive, feature_parts, known_feature_parts, unselected
from aig.pipelines.workspace.draft import Draft
from aig.pipelines.workspace.qa_kinds import CLOSED
from aig.pipelines.workspace.run_records import run_records
from aig.pipelines.workspace.versions import current_set
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.paper import TASKS
from aig.shards.published import PublishedSet

__all__ = ["plan_run"]

SAMPLED = 400
"""Clips of a dataset by which its rows are reckoned."""


@dataclass(frozen=True, slots=True)
class Step:
    """What a stage would do about a dataset.

    Attributes:
        stage: its name; `generate closed`, `generate open_speech` and so on for the kinds of pairs.
        dataset: whose.
        clips: that it would work on; at most, where `extract` has to measure some of them first.
        why: reasons, in words; empty where it has nothing to do.
        seconds: about, by how long earlier runs took; `None` where there were none.
    """

    stage: str
    dataset: str
    clips: int
    why: tuple[str, ...]
    seconds: float | None


def plan_run(configuration: Configuration, workspace: Workspace, names: Sequence[str]) -> dict[str, Any]:
    """What `aig run` would do now.

    Keys: `steps` (each as `Step`), `requests` (`calls`, `cached`, `live_usd`, `batch_usd`, `most_usd`), `measure_first`
    (datasets whose requests are not counted yet because clips must be measured), `rows` (by task: `now` published,
    `made` by rule with the audio that is here, `annotated` with all audio, `paper`), `disk` (`free` and `published`
    bytes), `seconds`.

    Raises:
        UsageError: a dataset's folder or a prompt is not there.
    """
    rates = _rates(workspace)
    with temporary_folder("plan") as scratch:
        draft = Draft(workspace.root, scratch)
        steps: list[Step] = []
        plans: list[Plan] = []
        waiting = []
        for name in names:
            done = list(_of_dataset(configuration, draft, name, rates, plans))
            steps += done
            if any(step.stage == "extract" and step.clips for step in done):
                waiting.append(name)
        with Ledger(workspace.url("responses")) as replies:
            open_plans = [plan for plan in plans if plan.kind != CLOSED]
            money = total(estimate_cost(requests_of(configuration, open_plans), replies, configuration.generate))
        rows = _rows(configuration, draft, names)
        worked = clips_of(plans)
    seconds = [step.seconds for step in steps if step.seconds is not None]
    if money.calls and "ask" in rates:
        seconds.append(money.calls / rates["ask"])
    return {
        "steps": [asdict(step) for step in steps],
        "clips": worked,
        "requests": {
            "calls": money.calls,
            "cached": money.cached,
            "live_usd": float(money.live_usd),
            "batch_usd": float(money.batch_usd),
            "most_usd": float(money.most_usd),
        },
        "measure_first": waiting,
        "rows": rows,
        "disk": _disk(workspace),
        "seconds": round(sum(seconds), 1) if seconds else None,
    }


def _of_dataset(
    configuration: Configuration, draft: Draft, name: str, rates: dict[str, float], plans: list[Plan]
) -> Iterator[Step]:
    def step(stage: str, clips: int, why: Sequence[str]) -> Step:
        rate = rates.get(f"{stage.removeprefix('generate ')} {name}")
        return Step(stage, name, clips, tuple(why), round(clips / rate, 1) if rate else None)

    with progress_of(f"read {name}") as progress:
        changed = index_dataset(configuration, draft, name, progress).changed
    yield step("index", changed, ["clips are new, changed or gone"] if changed else [])
    limit_dataset(configuration, draft, name)
    todo, _ = clips_to_measure(draft, name, configuration.extract, configuration.runner.batch_clips)
    yield step("extract", todo, _why_measured(configuration, draft, name, todo))
    outdated = outdated_selections(configuration, draft, name)
    never = unselected(configuration, draft, name)
    with progress_of(f"select {name}") as progress:
        decided = select_dataset(configuration, draft, name, progress)
    why = [
        f"{selection}: "
        + ("never applied" if selection in never else "its clips, what was measured or its rules changed")
        for selection in outdated
    ]
    if todo and not why:
        why = ["clips are measured first"]
    yield step("select", decided + todo if why else 0, why)
    for plan in plan_dataset(configuration, draft, name):
        plans.append(plan)
        why = why_outdated(draft, plan)
        if todo:
            why = [*why, "clips are measured first"]
        yield step(f"generate {plan.kind}", plan.clips + todo if why else 0, why)


def _why_measured(configuration: Configuration, draft: Draft, name: str, todo: int) -> list[str]:
    """Why clips have to be measured: which settings or code changed, or that they are new."""
    if not todo:
        return []
    present = parts(configuration.extract)
    if feature_parts(draft, name, str(present)):
        return ["clips are new, or their files changed"]
    known = known_feature_parts(configuration, draft, name)
    if not known:
        return ["never measured"]
    former = Parts.of(known[0].removeprefix("part-").rpartition("-")[0])
    if former is None:
        return ["measured by another version"]
    changed = [part for part in Parts._fields if getattr(former, part) != getattr(present, part)]
    return [f"settings or code of {', '.join(changed)} changed"]


def _rates(workspace: Workspace) -> dict[str, float]:
    """Items per second of each piece of work, in the latest run that did some of it."""
    rates: dict[str, float] = {}
    for record in run_records(workspace):
        for title, done in record["steps"].items():
            if done["done"] and done["seconds"] > 0:
                rates.setdefault(title, done["done"] / done["seconds"])
    return rates


def _rows(configuration: Configuration, draft: Draft, names: Sequence[str]) -> list[dict[str, Any]]:
    """Rows by task: published now, and made by rule of the clips as they are and as they would be with all audio."""
    url = current_set(draft)
    manifest = PublishedSet(url).problems()[0] if url else None
    now: Counter[str] = Counter()
    for tasks in (manifest.counts if manifest else {}).values():
        now.update(tasks)
    made: Counter[str] = Counter()
    annotated: Counter[str] = Counter()
    for name in names:
        for audio_is_here, counts in _sampled(configuration, draft, name):
            annotated.update(counts)
            if audio_is_here:
                made.update(counts)
    tasks_of = sorted({*now, *annotated, *(task for task in TASKS if now or annotated)})
    return [
        {
            "task": task,
            "now": now[task],
            "made": round(made[task]),
            "annotated": round(annotated[task]),
            "paper": TASKS.get(task),
        }
        for task in tasks_of
    ]


def _sampled(configuration: Configuration, draft: Draft, name: str) -> Iterator[tuple[bool, dict[str, float]]]:
    """Rows by task that sampled clips stand for, with whether their audio is here."""
    database = draft.database()
    draft.view(database, "clips", CLIPS, ("clips", name), draft.parts("clips", name))
    features = known_feature_parts(configuration, draft, name)
    draft.view(database, "features", FEATURES, ("features", name), features)
    ((clips,),) = database.execute("SELECT count(*) FROM clips").fetchall()
    if not clips:
        return
    columns = ", ".join(f"features.{column}" for column in FEATURES.names if column != "audio_id")
    table = database.execute(
        f"""SELECT sample.*, {columns}, features.audio_id IS NOT NULL AS known
        FROM (SELECT * FROM clips ORDER BY md5(audio_id) LIMIT {SAMPLED}) AS sample
        LEFT JOIN (SELECT DISTINCT ON (audio_id) * FROM features) AS features ON sample.audio_id = features.audio_id"""  # noqa: S608
    ).to_arrow_table()
    dataset = dataset_of(configuration, name)
    tasks = resolve(configuration.generate.tasks)
    weight = clips / table.num_rows
    items: list[Measured] = []
    for batch in table.to_batches():
        of_clips = from_batch(batch, Clip)
        known = batch.column("known").to_pylist()
        usable = batch.set_column(
            batch.schema.get_field_index("duration_s"), "duration_s", batch.column("duration_s").fill_null(0.0)
        )
        usable = usable.set_column(
            usable.schema.get_field_index("sample_rate"), "sample_rate", usable.column("sample_rate").fill_null(16_000)
        )
        for clip, measured, is_known in zip(of_clips, from_batch(usable, Features), known, strict=True):
            items.append(derive(clip, replace(measured, audio_id=clip.audio_id) if is_known else None))
    peers = Peers(items)
    for item in items:
        clip, asked = item.clip, configuration.generate.questions
        of_split = dataset.for_split(clip.split)
        rows = closed_pairs(item, of_split, configuration.seed, asked, tasks=tasks, peers=peers)
        counts = Counter(row.task for row in rows)
        yield clip.path is not None, {task: count * weight for task, count in counts.items()}


def _disk(workspace: Workspace) -> dict[str, int | None]:
    url = current_set(workspace)
    manifest = PublishedSet(url).problems()[0] if url else None
    published = sum(entry.bytes for entry in manifest.files) if manifest else None
    if not is_local(workspace.root):
        return {"free": None, "published": published}
    place = Path(workspace.root)
    while not place.exists():
        place = place.parent
    return {"free": shutil.disk_usage(place).free, "published": published}
