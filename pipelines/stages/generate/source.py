"""The clips that pairs of a dataset are made of: joined once a run, when first needed, for all kinds of pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import astuple
from functools import cached_property
from typing import TYPE_CHECKING

import pyarrow as pa

from aig.core.plugins import source_hash
from aig.core.tables import CLIPS
from aig.datasets_registry.dataset import Dataset
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import dataset_of
from aig.pipelines.workspace.answers import keep, recall, remembered
from aig.pipelines.workspace.buckets import Bucket, Group, Selected, buckets, joined, joined_from, rows_in, selected
from aig.pipelines.workspace.code_version import code_version
from aig.pipelines.workspace.qa_kinds import CLOSED
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.kind_registry import kind_for, task_kinds

if TYPE_CHECKING:
    import duckdb

__all__ = ["SHARED_CODE", "SHARED_DATA", "Source", "kinds_of"]

SHARED_CODE = ("aig.core.qa_id", "aig.extractors.transcript_cleaning", "aig.prompts")
_KINDS_CODE = ("aig.datasets_registry.dataset", "aig.datasets_registry.readers", "aig.pipelines.workspace.buckets")
SHARED_DATA = ("aig.prompts/data/descriptions", "aig.prompts/data/families.yaml")


class Source:
    """The selected clips of a dataset, in buckets.

    Attributes:
        name: of the dataset.
        dataset: what is known of it.
    """

    def __init__(self, configuration: Configuration, workspace: Workspace, name: str) -> None:
        """Reads nothing yet."""
        self._configuration, self._workspace = configuration, workspace
        self.name = name
        self.dataset: Dataset = dataset_of(configuration, name)

    @cached_property
    def _database(self) -> duckdb.DuckDBPyConnection:
        return joined(self._configuration, self._workspace, self.name, selected=True)

    @cached_property
    def buckets(self) -> tuple[Bucket, ...]:
        """All of them, by number."""
        made_from = joined_from(self._configuration, self._workspace, self.name)
        found = remembered(
            self._workspace, f"buckets-{self.name}", made_from, lambda: list(map(astuple, buckets(self._database)))
        )
        return tuple(
            Bucket(
                number,
                of,
                clips,
                content,
                tuple(Group(split, kept, tuple(kinds), n) for split, kept, kinds, n in groups),
            )
            for number, of, clips, content, groups in found
        )

    @cached_property
    def vocabulary(self) -> tuple[str, ...]:
        """The labels that the dataset uses, sorted."""
        made_from = self._workspace.state("clips", self.name)
        return tuple(remembered(self._workspace, f"labels-{self.name}", made_from, self._labels))

    def _labels(self) -> list[str]:
        workspace = self._workspace
        database = workspace.database()
        workspace.view(database, "clips", CLIPS, ("clips", self.name), workspace.parts("clips", self.name))
        rows = database.execute(
            """SELECT DISTINCT label FROM (
                SELECT unnest(labels) AS label FROM clips
                UNION ALL SELECT unnest(list_transform(events, lambda event : event.label)) FROM clips
            ) ORDER BY label"""
        ).fetchall()
        return [label for (label,) in rows]

    def rows(self, wanted: Collection[Bucket]) -> Iterator[tuple[Bucket, pa.Table]]:
        """The rows of some buckets, one bucket in memory at a time."""
        return rows_in(self._database.cursor(), list(wanted)) if wanted else iter(())

    def clips(self, bucket: Bucket, kind: str) -> int:
        """How many clips of a bucket get pairs of a kind (`closed`, or `open_<kind of prompt>`)."""
        if kind == CLOSED:
            return sum(group.clips for group in bucket.groups if group.kept)
        return self._by_kind[bucket.number].get(kind.removeprefix("open_"), 0)

    @cached_property
    def _by_kind(self) -> Mapping[int, Mapping[str, int]]:
        """By a bucket's number, how many of its clips get open-ended questions of which kind."""
        if self.dataset.access == "own" or task_kinds(self._configuration.generate.tasks):
            return self._looked_at()
        found = {}
        for bucket in self.buckets:
            counts: Counter[str] = Counter()
            for group in bucket.groups:
                kinds = _granted(self.dataset.for_split(group.split), group.kept, group.kinds)
                counts.update(dict.fromkeys(kinds, group.clips))
            found[bucket.number] = counts
        return found

    def _looked_at(self) -> dict[int, Mapping[str, int]]:
        """Where what a clip is asked follows from the clip, each is looked at once, and that is kept."""
        own, tasks = self._configuration.generate.questions.kinds, self._configuration.generate.tasks
        code = code_version(*SHARED_CODE, *SHARED_DATA, *_KINDS_CODE, __name__)
        made_from = [code, [source_hash(reference) for reference in own], [kind.name for kind in task_kinds(tasks)]]
        name = f"kinds-{self.name}"
        before: dict[str, dict[str, int]] = recall(self._workspace, name, made_from) or {}
        keys = {bucket: f"{bucket.number} {bucket.of} {bucket.clips} {bucket.content}" for bucket in self.buckets}
        now = {key: before[key] for key in keys.values() if key in before}
        for bucket, rows in self.rows([bucket for bucket, key in keys.items() if key not in now]):
            counts = Counter(kind for item in selected(self.dataset, rows) for kind in set(kinds_of(item, own, tasks)))
            now[keys[bucket]] = dict(counts)
        if now != before:
            keep(self._workspace, name, made_from, now)
        return {bucket.number: now[key] for bucket, key in keys.items()}


def kinds_of(item: Selected, own: tuple[str, ...], tasks: tuple[str, ...]) -> tuple[str, ...]:
    """Kinds of open-ended questions a clip gets.

    Its dataset's, those a selection grants, or what its fields allow; and those of the tasks that are named, where they
    suit it.
    """
    if not item.kept:
        return item.kinds
    more = (kind.name for kind in task_kinds(tasks) if kind.suits(item.measured))
    if item.dataset.access == "own":
        return (*item.kinds, kind_for(item.measured, own).name, *more)
    return (*_granted(item.dataset, item.kept, item.kinds), *more)


def _granted(dataset: Dataset, kept: bool, kinds: tuple[str, ...]) -> tuple[str, ...]:
    return (*kinds, dataset.open_prompt) if kept and dataset.open_prompt else kinds
