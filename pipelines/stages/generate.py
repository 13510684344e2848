"""The generate stage: the clips that stay become question-answer pairs, bucket by bucket.

Open-ended pairs take two passes. The first asks the model whatever the ledger does not hold; the second reads the
ledger, parses and filters. So parsing costs nothing, and its result does not depend on the order of the replies.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from aig.core.plugins import source_hash
from aig.core.records import Clip, Dropped, Features, QAPair, Quarantined
from aig.core.tables import CLIPS, DROPPED, to_table, write_table
from aig.datasets_registry.dataset import Dataset
from aig.extractors.transcript_cleaning import spoken_text
from aig.generators.chat import ChatRequest
from aig.generators.client.ask import ask
from aig.generators.client.summary import Failure, Summary
from aig.generators.closed_ended import closed_pairs
from aig.generators.ledger.ledger import Ledger
from aig.generators.open_ended.pairs import chat_request, pairs
from aig.pipelines.configuration import Configuration
from aig.pipelines.runtime.shared_rate import shared_rate
from aig.pipelines.runtime.shutdown import told_to_end
from aig.pipelines.sources import dataset_of
from aig.pipelines.workspace.buckets import Bucket, Measured, buckets, joined, measured_in
from aig.pipelines.workspace.code_version import code_version
from aig.pipelines.workspace.qa_kinds import CLOSED, qa_kinds
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.descriptions import own_descriptions_version
from aig.prompts.metadata import sounds
from aig.prompts.open_ended import Prompt, load

__all__ = [
    "BucketJob",
    "Plan",
    "Question",
    "ask_open",
    "forget_outdated",
    "most_requests",
    "plan",
    "qa_sums",
    "questions",
    "request_about",
    "write_bucket",
]

_CODE = ("core/qa_id.py", "extractors/transcript_cleaning.py", "prompts")
_CLOSED_CODE = ("generators/closed_ended", *_CODE)
_OPEN_CODE = (
    "generators/open_ended/pairs.py",
    "generators/open_ended/parse.py",
    "generators/open_ended/lenient_json.py",
    "generators/open_ended/json_shapes.py",
    "generators/closed_ended/absent.py",
    "generators/closed_ended/data",
    "filters",
    *_CODE,
)
_OPEN_QUESTIONS = {"pairs", "audio_input"}
_NOT_CLOSED_QUESTIONS = {"prompts", "prompt_folder", "pairs", "description_file"}


@dataclass(frozen=True)
class BucketJob:
    """A bucket of clips whose pairs of one kind are to be made.

    Attributes:
        dataset: name of the dataset.
        kind: `closed`, or `open_<kind of prompt>`.
        part: name of the part to write.
        items: the clips.
        vocabulary: labels the dataset uses (closed-ended only).
        failures: by request key, the requests that were given up (open-ended only).
    """

    dataset: str
    kind: str
    part: str
    items: tuple[Measured, ...]
    vocabulary: tuple[str, ...] = ()
    failures: Mapping[str, Failure] | None = None


@dataclass(frozen=True)
class Question:
    """What is asked about one clip: its request, if the clip has anything the prompt is about."""

    measured: Measured
    prompt: Prompt
    request: ChatRequest


@dataclass(frozen=True)
class Plan:
    """What is to be done about the pairs of one kind.

    Attributes:
        clips: how many are in buckets whose pairs are missing or made otherwise.
        jobs: one per such bucket, in memory one at a time.
        parts: names of all the parts there are in the end.
    """

    clips: int
    jobs: Iterator[BucketJob]
    parts: frozenset[str]


def plan(
    configuration: Configuration,
    workspace: Workspace,
    name: str,
    kind: str,
    failures: Mapping[str, Failure] | None = None,
) -> Plan:
    """Compares the buckets of a dataset with the parts that are there."""
    database = joined(configuration, workspace, name, selected=True)
    vocabulary = _vocabulary(workspace, name) if kind == CLOSED else ()
    version = _version(configuration, name, kind, vocabulary)
    there = set(workspace.parts("qa", name, kind))
    wanted = {_part(bucket, version): bucket for bucket in buckets(database)}
    todo = [bucket for part, bucket in wanted.items() if part not in there]

    def jobs() -> Iterator[BucketJob]:
        for bucket, items in measured_in(database, todo):
            yield BucketJob(name, kind, _part(bucket, version), tuple(items), vocabulary, failures)

    return Plan(sum(bucket.clips for bucket in todo), jobs(), frozenset(wanted))


def forget_outdated(workspace: Workspace, name: str, kind: str, parts: Collection[str]) -> None:
    """Removes what is not among a plan's parts, once all of these are there."""
    for part in workspace.parts("qa", name, kind):
        if part not in parts:
            for file in (part, _dropped(part)):
                workspace.remove("qa", name, kind, file)
            workspace.remove("quarantine", "generate", _quarantine(name, kind, part))


def most_requests(configuration: Configuration, workspace: Workspace, names: Iterable[str]) -> int:
    """How many requests the pairs that are out of date need at most: a prompt may find nothing to ask about a clip.

    Nothing is rendered, so this takes a small part of the time that asking does.
    """
    return sum(
        kind.removeprefix("open_") in _kinds(dataset.for_split(item.clip.split), item)
        for name in names
        for dataset in (dataset_of(configuration, name),)
        for kind in qa_kinds(configuration, name)[1:]
        for job in plan(configuration, workspace, name, kind).jobs
        for item in job.items
    )


def ask_open(
    configuration: Configuration,
    workspace: Workspace,
    names: Iterable[str],
    on_progress: Callable[[Summary], None],
) -> Summary:
    """Asks the model all that is out of date and not in the ledger.

    Raises:
        UsageError, DataError: see `aig.generators.client.ask.ask`.
    """

    def requests() -> Iterator[ChatRequest]:
        for name in names:
            for kind in qa_kinds(configuration, name)[1:]:
                for job in plan(configuration, workspace, name, kind).jobs:
                    yield from (question.request for question in questions(configuration, job))

    with Ledger(workspace.url("responses")) as ledger:
        name = configuration.generate.shared_rate
        rate = shared_rate(name) if name else None

        async def asked() -> Summary:
            loop, task = asyncio.get_running_loop(), asyncio.current_task()
            assert task is not None
            with told_to_end(lambda: loop.call_soon_threadsafe(task.cancel)):  # replies on their way are awaited
                return await ask(requests(), ledger, configuration.generate, on_progress, shared_limit=rate)

        return asyncio.run(asked())


def questions(configuration: Configuration, job: BucketJob) -> Iterator[Question]:
    """What is asked about the clips of a job, in their order."""
    dataset = dataset_of(configuration, job.dataset)
    kind = job.kind.removeprefix("open_")
    asked = configuration.generate.questions
    prompt = load(asked.prompts.get(kind, kind), asked.prompt_folder)
    for item in job.items:
        here = dataset.for_split(item.clip.split)
        if kind in _kinds(here, item):
            request = request_about(configuration, here, item.clip, item.features, prompt)
            if request is not None:
                yield Question(item, prompt, request)


def request_about(
    configuration: Configuration, dataset: Dataset, clip: Clip, features: Features | None, prompt: Prompt
) -> ChatRequest | None:
    """What a prompt asks about a clip of a dataset, as it is for the clip's split; `None` where it asks nothing."""
    return chat_request(
        clip,
        features,
        prompt,
        configuration.generate,
        pairs=None if dataset.access == "own" else dataset.pairs_per_call,
        seed=configuration.seed,
    )


def write_bucket(configuration: Configuration, workspace: Workspace, job: BucketJob) -> dict[str, int]:
    """Makes a bucket's pairs and writes them; returns how many clips, pairs, dropped pairs, given-up requests."""
    refused: list[Quarantined] = []
    dropped: list[Dropped] = []
    if job.kind == CLOSED:
        made = _closed(configuration, job)
    else:
        made, dropped, refused = _open(configuration, workspace, job)
    # The part itself comes last: where it stands, all that belongs to it does.
    if refused:
        workspace.write(refused, Quarantined, "quarantine", "generate", _quarantine(job.dataset, job.kind, job.part))
    if dropped:
        table = to_table(dropped, Dropped)
        write_table(workspace.url("qa", job.dataset, job.kind, _dropped(job.part)), [table], DROPPED)
    workspace.write(made, QAPair, "qa", job.dataset, job.kind, job.part)
    return {"clips": len(job.items), "pairs": len(made), "dropped": len(dropped), "quarantined": len(refused)}


def qa_sums(configuration: Configuration, workspace: Workspace, names: Iterable[str]) -> dict[str, int]:
    """How many pairs the workspace holds, how many the answer filters dropped, how many requests were given up."""
    sums = {"closed": 0, "open": 0, "dropped": 0, "quarantined": 0}
    for name in names:
        for kind in qa_kinds(configuration, name):
            sums["closed" if kind == CLOSED else "open"] += workspace.count("part", "qa", name, kind)
            sums["dropped"] += workspace.count("dropped", "qa", name, kind)
        sums["quarantined"] += workspace.count(f"part-{name}", "quarantine", "generate")
    return sums


def _closed(configuration: Configuration, job: BucketJob) -> list[QAPair]:
    dataset = dataset_of(configuration, job.dataset)
    made: dict[str, QAPair] = {}
    for item in job.items:
        if item.kept:
            here = dataset.for_split(item.clip.split)
            for pair in closed_pairs(
                _with_tagged_sounds(item.clip, item.features),
                item.features,
                here,
                configuration.seed,
                configuration.generate.questions,
                job.vocabulary,
            ):
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
    for question in questions(configuration, job):
        clip, features = question.measured.clip, question.measured.features
        reply = ledger.get(question.request.key)
        if reply is None:
            refused.append(_given_up(clip, question, job))
            continue
        rows, gone = pairs(
            reply,
            clip,
            features,
            question.prompt,
            configuration.answers,
            audio_input=configuration.generate.questions.audio_input,
            seed=configuration.seed,
        )
        made.update((row.qa_id, row) for row in rows)
        dropped += gone
    return list(made.values()), dropped, refused


def _given_up(clip: Clip, question: Question, job: BucketJob) -> Quarantined:
    failure = (job.failures or {}).get(question.request.key)
    return Quarantined(
        dataset=clip.dataset,
        audio_id=clip.audio_id,
        stage="generate",
        error=failure.error if failure else "no_reply",
        message=f"{clip.audio_id}, prompt {question.prompt.id}: "
        + (failure.message if failure else "the ledger holds no reply to its request"),
        advice=failure.advice if failure else "run the same command again",
    )


def _kinds(dataset: Dataset, item: Measured) -> tuple[str, ...]:
    """Kinds of open-ended questions a clip gets: its dataset's, those a selection grants, or what its fields allow."""
    if not item.kept:
        return item.kinds
    if dataset.access == "own":
        return (*item.kinds, _kind_by_fields(item.clip, item.features))
    return (*item.kinds, dataset.open_prompt) if dataset.open_prompt else item.kinds


def _kind_by_fields(clip: Clip, features: Features) -> str:
    """The kind that suits a clip of one's own data: what is known of it decides."""
    if clip.genres:
        return "music"
    if spoken_text(features):
        if sounds(clip):
            return "joint"
        if clip.emotion or clip.sentiment is not None:
            return "speech_emotion"
        return "speech_age" if clip.age is not None else "speech"
    return "audio"


def _with_tagged_sounds(clip: Clip, features: Features) -> Clip:
    """The clip with a tagger's labels where nobody annotated any."""
    return replace(clip, labels=features.sounds) if features.sounds and not clip.labels and not clip.events else clip


def _vocabulary(workspace: Workspace, name: str) -> tuple[str, ...]:
    database = workspace.database()
    workspace.view(database, "clips", CLIPS, ("clips", name), workspace.parts("clips", name))
    rows = database.execute(
        """SELECT DISTINCT label FROM (
            SELECT unnest(labels) AS label FROM clips
            UNION ALL SELECT unnest(list_transform(events, lambda event : event.label)) FROM clips
        ) ORDER BY label"""
    ).fetchall()
    return tuple(label for (label,) in rows)


def _version(configuration: Configuration, name: str, kind: str, vocabulary: tuple[str, ...]) -> str:
    """Hash of all but the clips that decides about the pairs of a kind."""
    settings = configuration.generate
    dataset = dataset_of(configuration, name)
    tasks = [dataset.closed_tasks, dataset.copies, dataset.open_prompt, dataset.pairs_per_call, dict(dataset.by_split)]
    made_from: list[Any] = [configuration.seed, tasks, own_descriptions_version(settings.questions.description_file)]
    if kind == CLOSED:
        asked_by_rule = settings.questions.model_dump(mode="json", exclude=_NOT_CLOSED_QUESTIONS)
        made_from += [code_version(*_CLOSED_CODE), vocabulary, asked_by_rule]
    else:
        prompt_kind = kind.removeprefix("open_")
        prompt = load(settings.questions.prompts.get(prompt_kind, prompt_kind), settings.questions.prompt_folder)
        shaping = {"model", "max_tokens", "max_tokens_name", "temperature", "top_p", "response_format"}
        asked = settings.model_dump(mode="json", include=shaping)
        asked |= settings.questions.model_dump(mode="json", include=_OPEN_QUESTIONS)
        made_from += [code_version(*_OPEN_CODE), prompt.sha256, asked, configuration.answers.model_dump(mode="json")]
        made_from += [source_hash(reference) for reference in configuration.answers.filters]
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _part(bucket: Bucket, version: str) -> str:
    content = hashlib.sha256(f"{version} {bucket.number} {bucket.of} {bucket.clips} {bucket.content}".encode())
    return f"part-{bucket.number:05d}-{content.hexdigest()[:16]}.parquet"


def _dropped(part: str) -> str:
    return part.replace("part-", "dropped-", 1)


def _quarantine(name: str, kind: str, part: str) -> str:
    return f"part-{name}-{kind}-{part.removeprefix('part-')}"


@lru_cache(maxsize=1)
def _ledger(url: str) -> Ledger:
    """The ledger as a worker process reads it, indexed once and refreshed per batch."""
    return Ledger(url)
