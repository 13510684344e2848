"""Validating rows of today's tasks (options, reasons, two clips) against as many rows of the papers' tasks.

Both sets are validated in turn in one process, by processor time; the median of the rounds' ratios counts.
`AIG_BENCH_TODAY_ROWS` says how many rows.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from statistics import median

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.clip_pairs import PAIR_SEPARATOR
from aig.core.qa_id import qa_ids
from aig.core.tables import QA
from aig.generators.closed_ended.registry import TASKS
from aig.shards.settings import PublishSettings
from aig.shards.validator.validate import validate
from aig.shards.writer.writer import publish
from benchmarks.bench_shards import BUILD, batches
from benchmarks.figures import Figure

ROWS = int(os.environ.get("AIG_BENCH_TODAY_ROWS", 400_000))
ROUNDS = 4
SOUNDS = ("Dog", "Church bell", "Rain", "Car", "Piano")
LISTED = "".join(f"\n({letter}) {sound}" for letter, sound in zip("ABCDE", SOUNDS, strict=True))
SHARE = {"choice_label": 0.4, "presence": 0.2, "reasoning_order": 0.1, "compare_pitch": 0.2, "compare_only_first": 0.1}
OUTPUTS = {
    "presence": "Yes.",
    "reasoning_order": TASKS["reasoning_order"].example,
    "compare_pitch": "The first.",
    "compare_only_first": "Sounds: Dog; Rain.",
}


def todays(batch: pa.RecordBatch, seed: int) -> pa.RecordBatch:
    """The same clips and questions with answers of today's tasks."""
    random, size = np.random.default_rng(seed), batch.num_rows
    names = pa.array(list(SHARE)).take(pa.array(random.choice(len(SHARE), size, p=list(SHARE.values()))))
    chosen = pc.equal(names, "choice_label")
    compared = pc.starts_with(names, "compare")
    right = pa.array(random.integers(0, len(SOUNDS), size).astype(np.int32))
    lettered = pa.array([f"({letter}) {sound}" for letter, sound in zip("ABCDE", SOUNDS, strict=True)])
    others = pa.array([OUTPUTS.get(name, "") for name in SHARE]).take(pc.index_in(names, pa.array(list(SHARE))))
    clips = batch.column("audio_id")
    two = pc.binary_join_element_wise(clips, pc.binary_join_element_wise(clips, "b", "_"), PAIR_SEPARATOR)
    choices = pa.array([list(SOUNDS), None], QA.field("choices").type)
    take = pa.array(np.arange(size) + seed * size).cast(pa.string())  # rows of few answers would be the same at times
    values = {name: batch.column(name) for name in batch.schema.names} | {
        "instruction": pc.binary_join_element_wise(
            batch.column("instruction"), " Take ", take, ".", pc.if_else(chosen, LISTED, ""), ""
        ),
        "input": pa.array([""] * size),
        "audio_id": pc.if_else(compared, two, clips),
        "task": names,
        "output": pc.if_else(chosen, lettered.take(right), others),
        "choices": choices.take(pc.if_else(chosen, 0, 1)),
        "answer_index": pc.if_else(chosen, right, None),
        "skill": pa.array(["event recognition"] * size),
        "difficulty": pa.array(["basic"] * size),
        "source": pa.array(["rule"] * size),
        **{name: pa.array([""] * size) for name in ("model", "request_id", "finish_reason")},
    }
    values["qa_id"] = qa_ids(pa.table(values))
    return pa.RecordBatch.from_arrays([values[name] for name in QA.names], schema=QA)


def run() -> Iterable[Figure]:
    """Time of validating today's rows by that of the papers'."""
    build = replace(BUILD, tasks=tuple(TASKS[name].spec for name in SHARE))
    with tempfile.TemporaryDirectory(prefix="aig-bench-") as name:
        sets = {"paper": str(Path(name, "paper")), "today": str(Path(name, "today"))}
        publish(batches(ROWS), sets["paper"], PublishSettings(), BUILD)
        made: Iterator[pa.RecordBatch] = (todays(batch, seed) for seed, batch in enumerate(batches(ROWS)))
        publish(made, sets["today"], PublishSettings(), build)
        seconds: dict[str, list[float]] = {kind: [] for kind in sets}
        for _ in range(ROUNDS):
            for kind, url in sets.items():
                began = time.process_time()
                report = validate(url)
                seconds[kind].append(time.process_time() - began)
                if not report.ok or report.rows != ROWS:
                    raise SystemExit(f"the set does not validate: {report.errors[:3]}")
        ratio = median(today / paper for today, paper in zip(seconds["today"], seconds["paper"], strict=True))
        today, paper = (median(seconds[kind]) for kind in ("today", "paper"))
        yield Figure(f"validating {ROWS:,} rows of today's tasks by the papers'", today, paper, "s", ratio, 1.25, False)
