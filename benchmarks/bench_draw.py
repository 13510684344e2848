"""The label-balanced draw of 500,000 from all clips of AudioSet: time and memory, beside numpy's own weighted draw."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator

from benchmarks.figures import Figure, peak_mb

CLIPS = 2_084_320
DRAWN = 500_000
WANTED_S = 20.0
WANTED_MB = 1_500.0


def run() -> Iterable[Figure]:
    """Runs the draw in a process of its own, so that the peak of memory is its own; times are of its CPU."""
    ran = subprocess.run([sys.executable, "-m", "benchmarks.bench_draw"], check=True, capture_output=True, text=True)
    seen = json.loads(ran.stdout)
    assert seen["drawn"] == DRAWN
    yield Figure("draw 500,000 of 2.08M clips", seen["seconds"], WANTED_S, "s", seen["seconds"] / WANTED_S, 1.0, False)
    yield Figure("its peak memory, process and all", seen["mb"], WANTED_MB, "MB", seen["mb"] / WANTED_MB, 1.0, False)
    ratio = seen["draw_s"] / seen["numpy_s"]
    yield Figure(
        "weighted draw alone beside numpy's Generator.choice", seen["draw_s"], seen["numpy_s"], "s", ratio, 3.0, False
    )
    gain = seen["effective"] / seen["effective_uniform"]
    yield Figure(
        "effective number of labels beside a uniform draw",
        seen["effective"],
        seen["effective_uniform"],
        "labels",
        gain,
        1.5,
    )


def _batches() -> Iterator[object]:
    """Clips as the workspace hands them over, with labels spread as unevenly as AudioSet's."""
    import numpy as np
    import pyarrow as pa

    from aig.core.tables import CLIPS as CLIPS_SCHEMA

    rng = np.random.default_rng(0)
    share = 1 / np.arange(1, 528) ** 1.1
    names = pa.array([f"Class {number}" for number in range(527)])
    for start in range(0, CLIPS, 8192):
        size = min(8192, CLIPS - start)
        bounds = np.concatenate([[0], np.cumsum(rng.integers(1, 5, size))]).astype(np.int32)
        labels = names.take(pa.array(rng.choice(527, bounds[-1], p=share / share.sum())))
        yield pa.RecordBatch.from_pydict(
            {
                "audio_id": [f"audioset/{number:011d}" for number in range(start, start + size)],
                "dataset": ["audioset"] * size,
                "labels": pa.ListArray.from_arrays(bounds, labels),
                "events": pa.nulls(size, CLIPS_SCHEMA.field("events").type),
                "duration_s": np.full(size, 10.0),
            }
        )


def _measure() -> dict[str, float]:
    import numpy as np

    from aig.filters.clips import weighted_sampling
    from aig.filters.clips.selection import select
    from aig.filters.clips.settings import SelectSettings

    made = time.process_time()
    for _ in _batches():
        pass
    making = time.process_time() - made
    started = time.process_time()
    selection = select(_batches(), SelectSettings(draw=DRAWN), seed=0)
    seconds = time.process_time() - started - making
    peak = peak_mb()
    rng = np.random.default_rng(0)
    uniform, weight = rng.random(CLIPS), rng.pareto(1.0, CLIPS) + 0.01
    started = time.process_time()
    weighted_sampling.draw(uniform, weight, DRAWN)
    draw_s = time.process_time() - started
    started = time.process_time()
    rng.choice(CLIPS, DRAWN, replace=False, p=weight / weight.sum())
    numpy_s = time.process_time() - started
    return {
        "seconds": seconds,
        "mb": peak,
        "drawn": len(selection.kept),
        "draw_s": draw_s,
        "numpy_s": numpy_s,
        "effective": selection.labels.after.effective_labels,
        "effective_uniform": selection.labels.uniform.effective_labels,
    }


if __name__ == "__main__":
    print(json.dumps(_measure()))
