"""Two worker processes against one, on the same clips, without the recogniser."""

from __future__ import annotations

import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from aig.core.records import Clip
from aig.extractors.measure import measure_clips
from aig.extractors.settings import ExtractSettings
from benchmarks.extract_clips import written
from benchmarks.figures import Figure, Skipped

SETTINGS = ExtractSettings(whisper=None)
BATCH = 20


def measured(clips: list[Clip], folder: str) -> int:
    """A batch of work: how many clips were measured."""
    return len(list(measure_clips(clips, folder, SETTINGS)))


def run() -> Iterable[Figure]:
    """Clips per second of wall time, the better of three turns each, taken in alternation."""
    if (cores := os.cpu_count() or 1) < 2:
        raise Skipped(f"needs two cores, there is {cores}")
    with tempfile.TemporaryDirectory() as folder:
        clips, _ = written(Path(folder), 200)
        batches = [clips[first : first + BATCH] for first in range(0, len(clips), BATCH)]
        rates = {1: 0.0, 2: 0.0}
        spawn = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(1, spawn) as one, ProcessPoolExecutor(2, spawn) as two:
            pools = {1: one, 2: two}
            for pool in pools.values():
                list(pool.map(measured, [clips[:BATCH]] * 4, [folder] * 4))
            for _ in range(3):
                for workers, pool in pools.items():
                    start = time.perf_counter()
                    done = sum(pool.map(measured, batches, [folder] * len(batches)))
                    rates[workers] = max(rates[workers], done / (time.perf_counter() - start))
    yield Figure("two workers against one", rates[2], rates[1], "clips/s", rates[2] / rates[1], 1.8)
