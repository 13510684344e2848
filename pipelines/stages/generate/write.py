"""The second pass: a bucket's pairs, by rule or from the ledger's replies, are written as one part."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache, partial

from aig.core.records import Dropped, QAPair, Quarantined
from aig.core.tables import DROPPED, to_table, write_table
from aig.extractors.levels import load_levels
from aig.generators.closed_ended import closed_pairs
from aig.generators.closed_ended.peers import Peers
from aig.generators.closed_ended.registry import resolve
from aig.generators.ledger.ledger import Ledger
from aig.generators.open_ended.pairs import pairs
from aig.pipelines.configuration import Configuration
from aig.pipelines.stages.generate.plan import MADE_FROM, BucketJob, Plan, Question, questions
from aig.pipelines.workspace.answers import remembered
from aig.pipelines.workspace.qa_kinds import CLOSED, qa_kinds
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["forget_outdated", "qa_sums", "write_bucket"]


def write_bucket(configuration: Configuration, workspace: Workspace, job: BucketJob) -> dict[str, int]:
    """Makes a bucket's pairs and writes them; returns how many clips, pairs, dropped pairs, given-up requests."""
    refused: list[Quarantined] = []
    dropped: list[Dropped] = []
    if job.kind == CLOSED:
        made = _closed(configuration, job)
    else:
        made, dropped, refused = _open(configuration, workspace, job)
    # The part itself comes last: where it is, all that belongs to it is.
    if refused:
        workspace.write(refused, Quarantined, "quarantine", "generate", _quarantine(job.dataset, job.kind, job.part))
    if dropped:
        table = to_table(dropped, Dropped)
        write_table(workspace.target("qa", job.dataset, job.kind, _dropped(job.part)), [table], DROPPED)
    workspace.write(made, QAPair, "qa", job.dataset, job.kind, job.part)
    return {"clips": job.clips, "pairs": len(made), "dropped": len(dropped), "quarantined": len(refused)}


def forget_outdated(workspace: Workspace, plan: Plan) -> None:
    """Removes what is not among a plan's parts, once all of these are there."""
    name, kind = plan.name, plan.kind
    for part in workspace.parts("qa", name, kind):
        if part not in plan.parts:
            for file in (part, _dropped(part)):
                workspace.remove("qa", name, kind, file)
            workspace.remove("quarantine", "generate", _quarantine(name, kind, part))
    if not plan.parts:
        return
    told = json.dumps(plan.made_from, indent=1, sort_keys=True) + "\n"
    if workspace.read_text("qa", name, kind, MADE_FROM) != told:
        workspace.write_text(told, "qa", name, kind, MADE_FROM)


def qa_sums(configuration: Configuration, workspace: Workspace, names: Iterable[str]) -> dict[str, int]:
    """How many pairs the workspace holds, how many the answer filters dropped, how many requests were given up."""
    sums = {"closed": 0, "open": 0, "dropped": 0, "quarantined": 0}
    for name in names:
        kinds = qa_kinds(configuration, name)
        made_from = [
            [(kind, workspace.state("qa", name, kind)) for kind in kinds],
            workspace.state("quarantine", "generate", prefix=f"part-{name}-"),
        ]
        of_dataset = remembered(workspace, f"pairs-{name}", made_from, partial(_qa_sums, workspace, name, kinds))
        for key, rows in of_dataset.items():
            sums[key] += rows
    return sums


def _qa_sums(workspace: Workspace, name: str, kinds: Iterable[str]) -> dict[str, int]:
    sums = {"closed": 0, "open": 0, "dropped": 0}
    for kind in kinds:
        sums["closed" if kind == CLOSED else "open"] += workspace.count("part", "qa", name, kind)
        sums["dropped"] += workspace.count("dropped", "qa", name, kind)
    return {**sums, "quarantined": workspace.count(f"part-{name}", "quarantine", "generate")}


def _closed(configuration: Configuration, job: BucketJob) -> list[QAPair]:
    asked, tasks = configuration.generate.questions, resolve(configuration.generate.tasks)
    made: dict[str, QAPair] = {}
    items = [item for item in job.items(configuration) if item.kept]
    peers = Peers([item.measured for item in items])
    levels = load_levels(configuration.extract.levels)
    speed = levels.speed if configuration.extract.whisper else levels.speed_by_syllables
    scales = {name: getattr(levels, name) for name in type(levels).model_fields if name != "version"}
    words = {name: scale.words for name, scale in (scales | {"speed": speed}).items()}
    for item in items:
        about = (item.measured, item.dataset, configuration.seed, asked, job.vocabulary)
        for pair in closed_pairs(*about, tasks, peers, words):
            made.setdefault(pair.qa_id, pair)
    return list(made.values())


def _open(
    configuration: Configuration, workspace: Workspace, job: BucketJob
) -> tuple[list[QAPair], list[Dropped], list[Quarantined]]:
    ledger = _ledger(workspace.url("responses"))
    ledger.refresh()
    made: dict[str, QAPair] = {}
    dropped: list[Dropped] = []
    refused: list[Quarantined] = []
    for question in questions(configuration, job.kind, job.items(configuration)):
        reply = ledger.get(question.request.key)
        if reply is None:
            refused.append(_given_up(question, job))
            continue
        rows, gone = pairs(
            reply,
            question.item.measured,
            question.prompt,
            configuration.answers,
            audio_input=configuration.generate.questions.audio_input,
            seed=configuration.seed,
        )
        made.update((row.qa_id, row) for row in rows)
        dropped += gone
    return list(made.values()), dropped, refused


def _given_up(question: Question, job: BucketJob) -> Quarantined:
    clip = question.item.measured.clip
    failure = (job.failures or {}).get(question.request.key)
    return Quarantined(
        dataset=clip.dataset,
        audio_id=clip.audio_id,
        stage="generate",
        error=failure.error if failure else "no_reply",
        message=f"{clip.audio_id}, prompt {question.prompt.id}: "
        + (failure.message if failure else "the ledger holds no reply to its request"),
        advice=failure.advice if failure else "Run the same command again.",
    )


def _dropped(part: str) -> str:
    return part.replace("part-", "dropped-", 1)


def _quarantine(name: str, kind: str, part: str) -> str:
    return f"part-{name}-{kind}-{part.removeprefix('part-')}"


@lru_cache(maxsize=1)
def _ledger(url: str) -> Ledger:
    """The ledger as a worker process reads it, indexed once and refreshed per batch."""
    return Ledger(url)
