"""What changed from one published set to another: rows, tasks, datasets, prompts, and which pairs came and went."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aig.core.databases import spilling_database
from aig.shards.manifest import Manifest
from aig.shards.published import PublishedSet

__all__ = ["set_difference"]


def set_difference(before: str, after: str) -> dict[str, Any]:
    """How two published sets differ.

    Keys: `rows` and `clips` (before, after), `counts` (by dataset and task: before, after, pairs added and removed),
    `build` (by what changed: before, after). Pairs are told apart by `qa_id`, the hash of their content: a pair whose
    text changed is one that went and one that came.

    Raises:
        UsageError, DataError: a set cannot be read.
    """
    old, new = PublishedSet(before), PublishedSet(after)
    was, now = old.manifest(), new.manifest()
    moved = _moved(old, new)
    kinds = sorted({*_kinds(was), *_kinds(now), *moved})
    return {
        "before": before,
        "after": after,
        "rows": [was.rows, now.rows],
        "clips": {name: [was.clips.get(name, 0), now.clips.get(name, 0)] for name in sorted({*was.clips, *now.clips})},
        "counts": [
            {
                "dataset": dataset,
                "task": task,
                "before": _kinds(was).get((dataset, task), 0),
                "after": _kinds(now).get((dataset, task), 0),
                "added": moved.get((dataset, task), (0, 0))[0],
                "removed": moved.get((dataset, task), (0, 0))[1],
            }
            for dataset, task in kinds
        ],
        "build": _changed(_facts(was), _facts(now)),
    }


def _kinds(manifest: Manifest) -> dict[tuple[str, str], int]:
    return {(dataset, task): rows for dataset, tasks in manifest.counts.items() for task, rows in tasks.items()}


def _facts(manifest: Manifest) -> dict[str, str]:
    build = manifest.build
    facts = {"code": build.code, "levels": build.levels, "seed": str(build.seed), "schema": build.schema}
    facts |= {f"prompt {name}": digest[:16] for name, digest in build.prompts.items()}
    return facts | {f"left out, {reason}": str(rows) for reason, rows in manifest.left_out.items()}


def _changed(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, list[str | None]]:
    names = sorted({*before, *after})
    return {name: [before.get(name), after.get(name)] for name in names if before.get(name) != after.get(name)}


def _moved(old: PublishedSet, new: PublishedSet) -> dict[tuple[str, str], tuple[int, int]]:
    """Pairs that came and pairs that went, by dataset and task; files that both sets have alike are not read."""
    import pyarrow as pa

    was, now = old.manifest().data_files, new.manifest().data_files
    common = {(entry.path, entry.sha256) for entry in was} & {(entry.path, entry.sha256) for entry in now}
    if len(common) == len(was) == len(now):
        return {}
    schema = pa.schema([(column, pa.string()) for column in ("dataset", "task", "qa_id")])
    with spilling_database("1GB") as database:
        for name, published, files in (("old", old, was), ("new", new, now)):
            batches = (
                batch.cast(schema)
                for entry in files
                if (entry.path, entry.sha256) not in common
                for table in published.rows(entry, ["dataset", "task"], ["qa_id"])
                for batch in table.to_batches()
            )
            database.register("arrow", pa.RecordBatchReader.from_batches(schema, batches))
            database.execute(f"CREATE TABLE {name} AS SELECT * FROM arrow")  # noqa: S608 - one of two names
            database.unregister("arrow")
        found = database.execute(
            """
            SELECT dataset, task, count(*) FILTER (new), count(*) FILTER (NOT new) FROM (
                SELECT *, true AS new FROM new ANTI JOIN old USING (qa_id)
                UNION ALL SELECT *, false AS new FROM old ANTI JOIN new USING (qa_id)
            ) GROUP BY ALL
            """
        ).fetchall()
    return {(dataset, task): (added, removed) for dataset, task, added, removed in found}
