"""What there is to do: which buckets of clips lack their pairs, and what is asked about a clip."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aig.core.plugins import source_hash
from aig.core.records import Measured
from aig.core.tables import CLIPS
from aig.datasets_registry.dataset import Dataset
from aig.generators.chat import ChatRequest
from aig.generators.client.summary import Failure
from aig.generators.closed_ended.registry import resolve, tasks_version
from aig.generators.open_ended.pairs import chat_request
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import dataset_of
from aig.pipelines.workspace.buckets import Bucket, Selected, buckets, joined, selected_in
from aig.pipelines.workspace.code_version import code_version
from aig.pipelines.workspace.qa_kinds import CLOSED, qa_kinds
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.descriptions import own_descriptions_version
from aig.prompts.kind_registry import kind_for, task_kinds
from aig.prompts.open_ended import Prompt, load

if TYPE_CHECKING:
    import duckdb

__all__ = [
    "MADE_FROM",
    "BucketJob",
    "Plan",
    "Question",
    "clips_of",
    "made_from",
    "plan_open",
    "plan_pairs",
    "questions",
    "request_about",
    "why_outdated",
]

MADE_FROM = "made_from.json"
"""File beside the parts of a kind: what they were made from, to say what changed."""

_SHARED_CODE = ("aig.core.qa_id", "aig.extractors.transcript_cleaning", "aig.prompts")
_SHARED_DATA = ("aig.prompts/data/descriptions", "aig.prompts/data/families.yaml")
_CLOSED_CODE = ("aig.generators.closed_ended", *_SHARED_CODE, *_SHARED_DATA, "aig.prompts/data/closed_ended")
_READING = ("aig.generators.completion", "aig.generators.empty_reply", "aig.generators.reasoning")
_OPEN_CODE = ("aig.generators.open_ended", "aig.filters.answers", *_READING, *_SHARED_CODE, *_SHARED_DATA)
_OPEN_QUESTIONS = {"pairs", "audio_input"}
_NOT_CLOSED_QUESTIONS = {"prompts", "kinds", "prompt_folder", "pairs", "description_file"}
_SHAPING = {"model", "max_tokens", "max_tokens_name", "temperature", "top_p", "response_format"}


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
    items: tuple[Selected, ...]
    vocabulary: tuple[str, ...] = ()
    failures: Mapping[str, Failure] | None = None


@dataclass(frozen=True)
class Question:
    """What is asked about one clip: its request, if the clip has anything the prompt is about."""

    item: Selected
    prompt: Prompt
    request: ChatRequest


@dataclass(frozen=True)
class Plan:
    """What is to be done about the pairs of one kind; worked out once a run, its clips read as often as needed.

    Attributes:
        name: of the dataset.
        kind: `closed`, or `open_<kind of prompt>`.
        clips: how many are in buckets whose pairs are missing or out of date.
        parts: names of all the parts there are in the end.
        all_clips: how many are in all buckets.
        made_from: what decides about the pairs but the clips, by what a person would call it.
    """

    name: str
    kind: str
    clips: int
    parts: frozenset[str]
    all_clips: int
    made_from: Mapping[str, Any]
    _own_kinds: tuple[str, ...]
    _tasks: tuple[str, ...]
    _dataset: Dataset
    _database: duckdb.DuckDBPyConnection
    _todo: Mapping[str, Bucket]
    _wanted: Mapping[str, Bucket]
    _vocabulary: tuple[str, ...]

    def jobs(self, failures: Mapping[str, Failure] | None = None) -> Iterator[BucketJob]:
        """A job per bucket that is out of date, in memory one at a time."""
        yield from self.jobs_of(self._todo, failures)

    def jobs_of(self, parts: Collection[str], failures: Mapping[str, Failure] | None = None) -> Iterator[BucketJob]:
        """The jobs of some of its parts, whether they are out of date or not."""
        part_of = {self._wanted[part]: part for part in parts}
        for bucket, items in selected_in(self._dataset, self._database, list(part_of)):
            yield BucketJob(self.name, self.kind, part_of[bucket], tuple(items), self._vocabulary, failures)

    def requests(self) -> int:
        """How many requests its clips need at most: a prompt may find nothing to ask about a clip.

        Nothing is rendered, so this takes a small part of the time that asking does.
        """
        kind = self.kind.removeprefix("open_")
        return sum(kind in _kinds(item, self._own_kinds, self._tasks) for job in self.jobs() for item in job.items)


def plan_pairs(configuration: Configuration, workspace: Workspace, name: str, kind: str) -> Plan:
    """Compares the buckets of a dataset with the parts that are there."""
    dataset = dataset_of(configuration, name)
    database = joined(configuration, workspace, name, selected=True)
    vocabulary = _vocabulary(workspace, name) if kind == CLOSED else ()
    ingredients = made_from(configuration, name, kind, vocabulary)
    version = _hash(ingredients)
    there = set(workspace.parts("qa", name, kind))
    wanted = {_part(bucket, version): bucket for bucket in buckets(database)}
    todo = {part: bucket for part, bucket in wanted.items() if part not in there}
    return Plan(
        name,
        kind,
        clips=sum(bucket.clips for bucket in todo.values()),
        parts=frozenset(wanted),
        all_clips=sum(bucket.clips for bucket in wanted.values()),
        made_from=ingredients,
        _own_kinds=configuration.generate.questions.kinds,
        _tasks=configuration.generate.tasks,
        _dataset=dataset,
        _database=database,
        _todo=todo,
        _wanted=wanted,
        _vocabulary=vocabulary,
    )


def why_outdated(workspace: Workspace, plan: Plan) -> list[str]:
    """Why a plan has anything to do, in words; empty where it has nothing to do."""
    if not plan.clips:
        return []
    text = workspace.read_text("qa", plan.name, plan.kind, MADE_FROM)
    if text is None:
        made = workspace.parts("qa", plan.name, plan.kind)
        return ["made by another version of the code" if made else "never made"]
    before, now = json.loads(text), json.loads(json.dumps(plan.made_from))
    changed = [
        f"{what} changed{_how(before.get(what), now.get(what))}" for what in now if before.get(what) != now[what]
    ]
    return changed or ["clips are new, changed or gone"]


def _how(before: Any, now: Any) -> str:
    """What changed in a group of settings, `: model a -> b`; nothing where it is a hash or long."""
    if isinstance(before, dict) and isinstance(now, dict):
        names = [name for name in now if before.get(name) != now[name]]
        return ": " + ", ".join(f"{name} {before.get(name)} -> {now[name]}" for name in names)[:200]
    short = max(len(str(before)), len(str(now))) <= 40
    return f": {before} -> {now}" if short and before is not None else ""


def plan_open(configuration: Configuration, workspace: Workspace, names: Iterable[str]) -> list[Plan]:
    """The plans of all kinds of open-ended pairs of some datasets."""
    kinds = ((name, kind) for name in names for kind in qa_kinds(configuration, name) if kind != CLOSED)
    return [plan_pairs(configuration, workspace, name, kind) for name, kind in kinds]


def clips_of(plans: Iterable[Plan]) -> int:
    """How many clips some plans concern, each once, however many kinds of pairs it gets."""
    found: dict[tuple[str, int], int] = {}
    for plan in plans:
        for bucket in plan._todo.values():
            key = (plan.name, bucket.number)
            found[key] = max(found.get(key, 0), bucket.clips)
    return sum(found.values())


def questions(configuration: Configuration, kind: str, items: Iterable[Selected]) -> Iterator[Question]:
    """What is asked about some clips for the pairs of a kind (`open_<kind of prompt>`), in their order."""
    prompt_kind = kind.removeprefix("open_")
    prompt = _prompt(configuration, prompt_kind)
    own, tasks = configuration.generate.questions.kinds, configuration.generate.tasks
    for item in items:
        if prompt_kind in _kinds(item, own, tasks):
            request = request_about(configuration, item.dataset, item.measured, prompt)
            if request is not None:
                yield Question(item, prompt, request)


def request_about(configuration: Configuration, dataset: Dataset, item: Measured, prompt: Prompt) -> ChatRequest | None:
    """What a prompt asks about a clip of a dataset, as it is for the clip's split; `None` where it asks nothing."""
    pairs = None if dataset.access == "own" else dataset.pairs_per_call
    return chat_request(item, prompt, configuration.generate, pairs=pairs, seed=configuration.seed)


def made_from(configuration: Configuration, name: str, kind: str, vocabulary: tuple[str, ...] = ()) -> dict[str, Any]:
    """All but the clips that decides about the pairs of a kind, by what a person would call it."""
    settings = configuration.generate
    dataset = dataset_of(configuration, name)
    common: dict[str, Any] = {
        "seed": configuration.seed,
        "closed-ended tasks": dataset.closed_tasks,
        "copies": dataset.copies,
        "kind of prompt": dataset.open_prompt,
        "pairs per call": dataset.pairs_per_call,
        "tasks by split": dict(dataset.by_split),
        "own descriptions": own_descriptions_version(settings.questions.description_file),
    }
    if kind == CLOSED:
        return {
            **common,
            "code": code_version(*_CLOSED_CODE),
            "labels of the dataset": hashlib.sha256(json.dumps(vocabulary).encode()).hexdigest()[:16],
            "generate.tasks": tasks_version(resolve(settings.tasks)),
            "generate.questions": settings.questions.model_dump(mode="json", exclude=_NOT_CLOSED_QUESTIONS),
        }
    prompt = _prompt(configuration, kind.removeprefix("open_"))
    return {
        **common,
        "code": code_version(*_OPEN_CODE),
        "prompt": f"{prompt.id} {prompt.sha256[:16]}",
        "generate": settings.model_dump(mode="json", include=_SHAPING),
        "generate.questions": settings.questions.model_dump(mode="json", include=_OPEN_QUESTIONS),
        "answers": configuration.answers.model_dump(mode="json"),
        "own prompt kinds": [source_hash(reference) for reference in settings.questions.kinds],
        "own answer filters": [source_hash(reference) for reference in configuration.answers.filters],
    }


def _prompt(configuration: Configuration, kind: str) -> Prompt:
    asked = configuration.generate.questions
    return load(asked.prompts.get(kind, kind), asked.prompt_folder)


def _kinds(item: Selected, own: tuple[str, ...], tasks: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds of open-ended questions a clip gets.

    Its dataset's, those a selection grants, or what its fields allow; and those of the tasks that are named, where they
    suit it.
    """
    if not item.kept:
        return item.kinds
    more = (kind.name for kind in task_kinds(tasks) if kind.suits(item.measured))
    if item.dataset.access == "own":
        return (*item.kinds, kind_for(item.measured, own).name, *more)
    return (*item.kinds, *((item.dataset.open_prompt,) if item.dataset.open_prompt else ()), *more)


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


def _hash(ingredients: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()


def _part(bucket: Bucket, version: str) -> str:
    content = hashlib.sha256(f"{version} {bucket.number} {bucket.of} {bucket.clips} {bucket.content}".encode())
    return f"part-{bucket.number:05d}-{content.hexdigest()[:16]}.parquet"
