"""The kinds of pairs of a dataset, each a folder of the workspace below `qa/<dataset>/`."""

from __future__ import annotations

from aig.filters.clips.settings import KINDS
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import dataset_of
from aig.pipelines.workspace.buckets import selections_of

__all__ = ["CLOSED", "qa_kinds"]

CLOSED = "closed"


def qa_kinds(configuration: Configuration, name: str) -> tuple[str, ...]:
    """The folders below `qa/<dataset>/` that this configuration fills: `closed`, and `open_<kind>` for each kind."""
    if not configuration.generate.open_ended:
        return (CLOSED,)
    dataset = dataset_of(configuration, name)
    kinds: set[str | None] = set(selections_of(configuration, name).values())
    kinds |= set(KINDS) if dataset.access == "own" else {dataset.for_split(s).open_prompt for s in dataset.splits}
    return (CLOSED, *(f"open_{kind}" for kind in KINDS if kind in kinds))
