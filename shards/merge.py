"""Published sets put together, or cut down to the rows that satisfy a condition: a new set like any other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa

from aig.core.errors import DataError, UsageError
from aig.core.hashing import HashSet, Keys, row_keys
from aig.core.tables import QA
from aig.core.tasks import TaskSpec
from aig.shards.manifest import Build, Manifest, SourceDataset
from aig.shards.published import PublishedSet, local_folder
from aig.shards.schema import DATA, LINEAGE
from aig.shards.settings import PublishSettings
from aig.shards.writer.writer import publish

__all__ = ["merge"]


def merge(
    urls: Sequence[str],
    out_url: str,
    settings: PublishSettings,
    *,
    where: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> Manifest:
    """Publishes the rows of several sets as one.

    A pair that several sets hold (the same `qa_id`) is taken once, from the first that has it; the manifest counts
    the others as `also_in_another_set`.

    Args:
        urls: folders of published sets.
        out_url: folder of the new set; none of `urls`.
        settings: how the new set is cut.
        where: condition in SQL on the columns of a row and its lineage, such as `dataset = 'clotho' AND answerable`.
        progress: told the rows read.

    Raises:
        UsageError: the condition cannot be read, or `out_url` is one of `urls`.
        DataError: a set is not valid, nothing is left, or two sets contradict each other about a dataset.
    """
    sets = [PublishedSet(url) for url in urls]
    target = local_folder(out_url)
    if out_url in urls or (target is not None and target in {published.local for published in sets}):
        raise UsageError(f"{out_url} is one of the sets to merge", "Name another folder for the new set.")
    manifests = [published.manifest() for published in sets]
    seen = _Earlier()
    rows = (table for published in sets for table in _rows(published, progress, seen))
    batches = (batch for table in rows for batch in table.to_batches())
    chosen = batches if where is None else _where(batches, where)
    build = _merged_build([manifest.build for manifest in manifests])
    return publish(chosen, out_url, settings, build, also_left_out=seen.left_out)


class _Earlier:
    """Which pairs earlier sets hold: two 64-bit hashes of each id, 16 bytes a row."""

    def __init__(self) -> None:
        self.left_out: dict[str, int] = {}
        self._before = (HashSet(), HashSet())
        self._now: tuple[list[Keys], list[Keys]] = ([], [])

    def new(self, table: pa.Table) -> pa.Table:
        """The rows that no earlier set holds."""
        again = np.ones(table.num_rows, dtype=bool)
        for seed, before in enumerate(self._before):
            keys = row_keys(table.column("qa_id"), seed)
            self._now[seed].append(keys)
            again &= before.contains(keys)
        if not again.any():
            return table
        self.left_out["also_in_another_set"] = self.left_out.get("also_in_another_set", 0) + int(again.sum())
        return table.filter(pa.array(~again))

    def next_set(self) -> None:
        """What follows is of another set."""
        for before, now in zip(self._before, self._now, strict=True):
            for keys in now:
                before.add(keys)
            now.clear()


def _rows(published: PublishedSet, progress: Callable[[int], None] | None, seen: _Earlier) -> Iterator[pa.Table]:
    for entry in published.manifest().data_files:
        for table in published.rows(entry, DATA.names, LINEAGE.names):
            if progress:
                progress(table.num_rows)
            yield seen.new(table.select(QA.names).cast(QA))
    seen.next_set()


def _where(batches: Iterator[pa.RecordBatch], condition: str) -> Iterator[pa.RecordBatch]:
    """The rows that satisfy a condition, evaluated by a DuckDB that can reach neither files nor network."""
    import duckdb

    with duckdb.connect(":memory:", config={"enable_external_access": "false"}) as db:
        try:
            reader = pa.RecordBatchReader.from_batches(QA, batches)
            for batch in db.from_arrow(reader).filter(condition).to_arrow_reader(50_000):
                columns = [batch.column(name).cast(QA.field(name).type) for name in QA.names]
                yield pa.RecordBatch.from_arrays(columns, schema=QA)
        except duckdb.Error as error:
            advice = f"Write a condition in SQL on the columns {', '.join(QA.names)}."
            raise UsageError(f"the condition {condition!r} cannot be used: {error}", advice) from error


def _merged_build(builds: Sequence[Build]) -> Build:
    """The build information of a set made of several."""
    sources: dict[str, SourceDataset] = {}
    prompts: dict[str, str] = {}
    tasks: dict[str, TaskSpec] = {}
    for build in builds:
        for name, spec in build.task_specs.items():
            if (known_spec := tasks.setdefault(name, spec)) != spec:
                raise DataError(
                    f"the sets have answers of two forms to {name}: {known_spec.says!r} and {spec.says!r}",
                    "Publish them again with the same tasks and levels.",
                )
        for name, source in build.sources.items():
            known = sources.setdefault(name, source)
            if known.licence != source.licence:
                raise DataError(
                    f"the sets name different licences of {name}: {known.licence!r} and {source.licence!r}",
                    "Publish them again with the same version of the registry.",
                )
            sources[name] = replace(known, longest_s=_longest(known, source))
        for name, sha256 in build.prompts.items():
            if prompts.setdefault(name, sha256) != sha256:
                prompts[f"{name} ({sha256[:8]})"] = sha256
    return Build(
        code="; ".join(dict.fromkeys(build.code for build in builds)),
        levels="; ".join(dict.fromkeys(build.levels for build in builds)),
        seed=builds[0].seed,
        prompts=dict(sorted(prompts.items())),
        sources=dict(sorted(sources.items())),
        notes=tuple(dict.fromkeys(note for build in builds for note in build.notes)),
        held_out=tuple(dict.fromkeys(told for build in builds for told in build.held_out)),
        tasks=tuple(tasks.values()),
    )


def _longest(one: SourceDataset, other: SourceDataset) -> float | None:
    if one.longest_s is None or other.longest_s is None:
        return None
    return max(one.longest_s, other.longest_s)
