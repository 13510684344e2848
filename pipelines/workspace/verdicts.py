"""What second models said of pairs, beside the pairs: for publishing and for whoever looks at them."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aig.core.storage import open_file
from aig.core.tables import QA, completed
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["read_verdicts", "verdict_file", "with_verdicts"]


def verdict_file(workspace: Workspace, name: str, kind: str, part: str) -> str | None:
    """The verdicts on a part of pairs, complete or not; `None` where there are none."""
    stem = part.removesuffix(".parquet")
    return next((file for file in workspace.parts("verdicts", name, kind) if file.startswith(f"{stem}-")), None)


def with_verdicts(
    batch: pa.RecordBatch, verdicts: pa.Table | None, min_score: float | None, left_out: dict[str, int]
) -> pa.RecordBatch:
    """A batch of pairs with what was said of each, without those that a judge refuses.

    Args:
        batch: of the table `QA`; optional columns may be missing.
        verdicts: on the part that the pairs are of; `None` where there are none.
        min_score: pairs below it go, and those that a judge was asked about in vain; `None`: all stay.
        left_out: counts what went as `judged_low` and `not_judged`.
    """
    batch = completed(batch, QA)
    found: dict[str, dict[str, Any]] = {}
    if verdicts is not None:
        wanted = verdicts.filter(pc.is_in(verdicts.column("qa_id"), batch.column("qa_id")))
        found = {row["qa_id"]: row for row in wanted.to_pylist()}
    rows = [found.get(qa_id, {}) for qa_id in batch.column("qa_id").to_pylist()]
    values = {
        "judge_score": [row.get("score") for row in rows],
        "judge_model": [row.get("judge_model") if row.get("score") is not None else None for row in rows],
        "audio_contribution": [row.get("audio_contribution") for row in rows],
    }
    columns = [
        pa.array(values[name], field.type) if (name := field.name) in values else batch.column(name) for field in QA
    ]
    whole = pa.RecordBatch.from_arrays(columns, schema=QA)
    if min_score is None:
        return whole
    low = [row.get("score") is not None and row["score"] < min_score for row in rows]
    vain = [bool(row.get("error")) and row.get("score") is None for row in rows]
    left_out["judged_low"] += sum(low)
    left_out["not_judged"] += sum(vain)
    return whole.filter(pa.array([not (a or b) for a, b in zip(low, vain, strict=True)], pa.bool_()))


def read_verdicts(workspace: Workspace, name: str, kind: str, part: str) -> pa.Table | None:
    """The table of verdicts on a part of pairs; `None` where there is none."""
    file = verdict_file(workspace, name, kind, part)
    if file is None:
        return None
    with open_file(workspace.url("verdicts", name, kind, file)) as stream:
        return pq.read_table(stream)
