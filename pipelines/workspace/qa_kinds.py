"""The kinds of pairs of a dataset, each a folder of the workspace below `qa/<dataset>/`."""

from __future__ import annotations

from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import dataset_of
from aig.pipelines.workspace.buckets import selections_of
from aig.prompts.kind_registry import all_kinds, task_kinds

__all__ = ["CLOSED", "qa_kinds"]

CLOSED = "closed"


def qa_kinds(configuration: Configuration, name: str) -> tuple[str, ...]:
    """The folders below `qa/<dataset>/` that this configuration fills: `closed`, and `open_<kind>` for each kind."""
    if not configuration.generate.open_ended:
        return (CLOSED,)
    dataset = dataset_of(configuration, name)
    asked: set[str | None] = set(selections_of(configuration, name).values())
    names = [kind.name for kind in all_kinds(configuration.generate.questions.kinds)]
    asked |= set(names) if dataset.access == "own" else {dataset.for_split(s).open_prompt for s in dataset.splits}
    more = [kind.name for kind in task_kinds(configuration.generate.tasks)]
    return (CLOSED, *(f"open_{kind}" for kind in names if kind in asked), *(f"open_{kind}" for kind in more))
