"""What there is to do: which buckets of clips lack their pairs, and what is asked about a clip."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pyarrow as pa

from aig.core.plugins import source_hash
from aig.core.records import Measured
from aig.datasets_registry.dataset import Dataset
from aig.generators.chat import ChatRequest
from aig.generators.client.summary import Failure
from aig.generators.closed_ended.registry import resolve, tasks_version
from aig.generators.open_ended.pairs import chat_request
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import dataset_of
from aig.pipelines.stages.generate.source import SHARED_CODE, SHARED_DATA, Source, kinds_of
from aig.pipelines.workspace.buckets import Bucket, Selected, selected
from aig.pipelines.workspace.code_version import code_version
from aig.pipelines.workspace.qa_kinds import CLOSED, qa_kinds
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.descriptions import own_descriptions_version
from aig.prompts.open_ended import Prompt, load

__all__ = [
    "CLOSED_CODE",
    "MADE_FROM",
    "BucketJob",
    "Plan",
    "Question",
    "clips_of",
    "made_from",
    "plan_dataset",
    "plan_open",
    "plan_pairs",
    "questions",
    "request_about",
    "requests_of",
    "why_outdated",
]

MADE_FROM = "made_from.json"
"""File beside the parts of a kind: what they were made from, to say what changed."""

_NAMES = tuple(f"aig.prompts/data/{name}.yaml" for name in ("emotions", "genres", "kinds", "noun_phrases"))
CLOSED_CODE = ("aig.generators.closed_ended", *SHARED_CODE, *SHARED_DATA, *_NAMES, "aig.prompts/data/closed_ended")
_READING = ("aig.generators.completion", "aig.generators.empty_reply", "aig.generators.reasoning")
_OPEN_CODE = ("aig.generators.open_ended", "aig.filters.answers", *_READING, *SHARED_CODE, *SHARED_DATA)
_OPEN_QUESTIONS = {"pairs", "audio_input"}
_NOT_CLOSED_QUESTIONS = {"prompts", "kinds", "prompt_folder", "pairs", "description_file"}
_SHAPING = {"model", "max_tokens", "max_tokens_name", "temperature", "top_p", "response_format"}


@dataclass(frozen=True)
class BucketJob:
    """A bucket of clips whose pairs of one kind are to be made.

    It goes to its worker as bytes, which nobody looks into on the way.

    Attributes:
        dataset: name of the dataset.
        kind: `closed`, or `open_<kind of prompt>`.
        part: name of the part to write.
        clips: how many of the bucket's clips get pairs of the kind.
        rows: the bucket's clips, as a stream of Arrow's.
        vocabulary: labels the dataset uses (closed-ended only).
        failures: by request key, the requests that were given up (open-ended only).
    """

    dataset: str
    kind: str
    part: str
    clips: int
    rows: bytes
    vocabulary: tuple[str, ...] = ()
    failures: Mapping[str, Failure] | None = None

    def items(self, configuration: Configuration) -> list[Selected]:
        """The bucket's clips."""
        with pa.ipc.open_stream(pa.py_buffer(self.rows)) as stream:
            return selected(dataset_of(configuration, self.dataset), stream.read_all())


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
        clips: how many get pairs of the kind that are missing or out of date.
        parts: names of all the parts there are in the end; a bucket without a clip of the kind has none.
        all_clips: how many get pairs of the kind.
        made_from: what decides about the pairs but the clips, by what a person would call it.
        source: of the clips, shared with the dataset's other plans.
        todo: by part, the buckets whose pairs are missing or out of date.
    """

    name: str
    kind: str
    clips: int
    parts: frozenset[str]
    all_clips: int
    made_from: Mapping[str, Any]
    source: Source
    todo: Mapping[str, Bucket]
    _wanted: Mapping[str, Bucket]

    def jobs(self, failures: Mapping[str, Failure] | None = None) -> Iterator[BucketJob]:
        """A job per bucket that is out of date, in memory one at a time."""
        yield from self.jobs_of(self.todo, failures)

    def jobs_of(self, parts: Collection[str], failures: Mapping[str, Failure] | None = None) -> Iterator[BucketJob]:
        """The jobs of some of its parts, whether they are out of date or not."""
        part_of = {self._wanted[part]: part for part in parts}
        vocabulary = self.source.vocabulary if self.kind == CLOSED and parts else ()
        for bucket, rows in self.source.rows(part_of):
            clips = self.source.clips(bucket, self.kind)
            yield BucketJob(self.name, self.kind, part_of[bucket], clips, _bytes(rows), vocabulary, failures)


def plan_dataset(
    configuration: Configuration, workspace: Workspace, name: str, kinds: Collection[str] | None = None
) -> list[Plan]:
    """Compares the buckets of a dataset with the parts of pairs that are there, kind by kind.

    Args:
        configuration: of the build.
        workspace: of the build.
        name: of the dataset.
        kinds: of pairs; all that the configuration asks for where `None`.
    """
    source = Source(configuration, workspace, name)
    return [_plan(configuration, workspace, source, kind) for kind in kinds or qa_kinds(configuration, name)]


def plan_pairs(configuration: Configuration, workspace: Workspace, name: str, kind: str) -> Plan:
    """The plan of one kind of pairs; for several, `plan_dataset` reads the clips once."""
    (plan,) = plan_dataset(configuration, workspace, name, [kind])
    return plan


def _plan(configuration: Configuration, workspace: Workspace, source: Source, kind: str) -> Plan:
    name = source.name
    ingredients = made_from(configuration, name, kind, source.vocabulary if kind == CLOSED else ())
    version = _hash(ingredients)
    there = set(workspace.parts("qa", name, kind))
    counts = {bucket: source.clips(bucket, kind) for bucket in source.buckets}
    wanted = {_part(bucket, version): bucket for bucket, clips in counts.items() if clips}
    todo = {part: bucket for part, bucket in wanted.items() if part not in there}
    return Plan(
        name,
        kind,
        clips=sum(counts[bucket] for bucket in todo.values()),
        parts=frozenset(wanted),
        all_clips=sum(counts.values()),
        made_from=ingredients,
        source=source,
        todo=todo,
        _wanted=wanted,
    )


def why_outdated(workspace: Workspace, plan: Plan) -> list[str]:
    """Why a plan has anything to do, in words; empty where it has nothing to do."""
    if not plan.clips:
        return []
    before = workspace.read_json("qa", plan.name, plan.kind, MADE_FROM)
    if before is None:
        made = workspace.parts("qa", plan.name, plan.kind)
        return ["made by another version of the code" if made else "never made"]
    now = json.loads(json.dumps(plan.made_from))
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
    found: list[Plan] = []
    for name in names:
        if kinds := [kind for kind in qa_kinds(configuration, name) if kind != CLOSED]:
            found += plan_dataset(configuration, workspace, name, kinds)
    return found


def clips_of(plans: Iterable[Plan]) -> int:
    """How many clips are in the buckets that some plans concern, each once, however many kinds of pairs it gets."""
    found = {(plan.name, bucket.number): bucket.clips for plan in plans for bucket in plan.todo.values()}
    return sum(found.values())


def requests_of(configuration: Configuration, plans: Iterable[Plan]) -> Iterator[ChatRequest]:
    """The requests that open-ended plans need, bucket by bucket; the ledger may hold replies to some.

    The clips of a dataset are read once for all its kinds where its plans were made together.
    """
    for source, of_source in groupby(plans, lambda plan: plan.source):
        kinds: dict[Bucket, list[str]] = {}
        for plan in of_source:
            for bucket in plan.todo.values():
                kinds.setdefault(bucket, []).append(plan.kind)
        own, tasks = configuration.generate.questions.kinds, configuration.generate.tasks
        for bucket, rows in source.rows(kinds):
            items = [(item, kinds_of(item, own, tasks)) for item in selected(source.dataset, rows)]
            for kind in kinds[bucket]:
                asked = (item for item, gets in items if kind.removeprefix("open_") in gets)
                yield from (question.request for question in _about(configuration, kind, asked))


def questions(configuration: Configuration, kind: str, items: Iterable[Selected]) -> Iterator[Question]:
    """What is asked about some clips for the pairs of a kind (`open_<kind of prompt>`), in their order."""
    own, tasks = configuration.generate.questions.kinds, configuration.generate.tasks
    asked = (item for item in items if kind.removeprefix("open_") in kinds_of(item, own, tasks))
    yield from _about(configuration, kind, asked)


def _about(configuration: Configuration, kind: str, items: Iterable[Selected]) -> Iterator[Question]:
    prompt = _prompt(configuration, kind.removeprefix("open_"))
    for item in items:
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
            "code": code_version(*CLOSED_CODE),
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


def _bytes(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return bytes(sink.getvalue())


def _hash(ingredients: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(ingredients, sort_keys=True).encode()).hexdigest()


def _part(bucket: Bucket, version: str) -> str:
    content = hashlib.sha256(f"{version} {bucket.number} {bucket.of} {bucket.clips} {bucket.content}".encode())
    return f"part-{bucket.number:05d}-{content.hexdigest()[:16]}.parquet"
