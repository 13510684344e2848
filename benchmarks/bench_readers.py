"""Reading AudioSet's list at full size into clips: rows a second, and memory that does not grow with the rows."""

from __future__ import annotations

import csv
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path

from aig.datasets_registry import registry
from aig.datasets_registry.dataset import Source
from benchmarks.figures import Figure, Skipped

ROWS = 2_084_320
"""Clips of AudioSet, its three lists together."""

WANTED_PER_S = 100_000
WANTED_MB = 64


def synthesise(root: Path, rows: int, seed: int = 0) -> Path:
    """Files in AudioSet's layout: 527 classes as unevenly spread as speech and toothbrushes, one to five a clip."""
    rng = random.Random(seed)
    mids = [f"/m/{number:06x}" for number in range(527)]
    with (root / "class_labels_indices.csv").open("w") as file:
        file.write("index,mid,display_name\n")
        file.writelines(f'{i},{mid},"Class {i}, or so"\n' for i, mid in enumerate(mids))
    weights = [1 / (number + 1) for number in range(len(mids))]
    sets = [",".join(dict.fromkeys(rng.choices(mids, weights, k=rng.randint(1, 5)))) for _ in range(20_000)]
    with (root / "unbalanced_train_segments.csv").open("w") as file:
        file.write("# made\n# up\n# YTID, start_seconds, end_seconds, positive_labels\n")
        file.writelines(f'{i:_>11x}, 30.000, 40.000, "{sets[i % len(sets)]}"\n' for i in range(rows))
    return root / "unbalanced_train_segments.csv"


def run() -> Iterable[Figure]:
    """Rates of the reader, by its own CPU time, against what is wanted and a bare `csv.reader`; the rise of memory."""
    if not sys.platform.startswith("linux"):
        raise Skipped("memory is read from /proc")
    with tempfile.TemporaryDirectory() as folder:
        list_file = synthesise(Path(folder), ROWS)
        started = time.process_time()
        with list_file.open() as file:
            bare = sum(1 for _ in csv.reader(file, skipinitialspace=True))
        bare_per_s = bare / (time.process_time() - started)
        rows, early, late, started = 0, 0.0, 0.0, time.process_time()
        for _ in registry.get("audioset").read(Source(Path(folder), splits=("unbalanced_train",))):
            rows += 1
            if rows == ROWS // 10:
                early = _resident_mb()
            elif rows % 100_000 == 0:
                late = max(late, _resident_mb())
        per_s = rows / (time.process_time() - started)
        rise = max(0.0, late - early)
    assert rows == ROWS
    yield Figure("read AudioSet's list into clips", per_s, WANTED_PER_S, "rows/s", per_s / WANTED_PER_S, 1.0)
    yield Figure("the same beside a bare csv.reader", per_s, bare_per_s, "rows/s", per_s / bare_per_s, 0.03)
    yield Figure("memory's rise from a tenth of the rows to all", rise, WANTED_MB, "MB", rise / WANTED_MB, 1.0, False)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
