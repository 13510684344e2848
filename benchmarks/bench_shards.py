"""Writing and validating published sets of 1 and 10 million rows: against bare pyarrow, memory, growth.

Writing begins with rows in Parquet, in the small batches in which the publish stage reads them. Its peer copies them to
the columns of a set, in their order; that of validating reads the same files, bytes and pages, and both peers hash each
row, which tells whether its `qa_id` is right. Times are of the processor: what else a machine does counts little.

`AIG_BENCH_ROWS` makes the larger set smaller for a quick look.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from aig.core.qa_id import IDENTITY, qa_ids
from aig.core.tables import QA
from aig.shards.manifest import Build, SourceDataset
from aig.shards.schema import DATA, LINEAGE, ROW_GROUP_ROWS
from aig.shards.settings import PublishSettings
from benchmarks.figures import Figure, peak_mb

ROWS = int(os.environ.get("AIG_BENCH_ROWS", 10_000_000))
BATCH = 50_000
MEMORY_MB = 1_500
BUILD = Build(
    code="aig bench",
    levels="default@1",
    seed=7,
    sources={name: SourceDataset(title=name, licence="CC BY 4.0") for name in ("audioset", "libritts", "voxceleb2")},
)
WORDS = [
    "what",
    "does",
    "the",
    "sound",
    "of",
    "a",
    "dog",
    "tell",
    "about",
    "where",
    "it",
    "is",
    "and",
    "who",
    "speaks",
    "because",
    "of",
    "its",
    "low",
    "pitch",
    "and",
    "slow",
    "pace",
    "while",
    "rain",
    "falls",
    "on",
    "metal",
    "near",
    "engine",
    "in",
    "distance",
    "could",
    "suggest",
    "that",
    "mood",
    "calm",
    "urgent",
    "crowd",
    "street",
    "kitchen",
    "music",
    "loud",
]
ANSWERS = {
    "pitch_cla": ["The pitch is medium.", "The pitch is very high.", "The pitch is low."],
    "cla_label": ["Labels: Guitar; Music; Plucked string instrument", "Labels: Dog; Animal; Bark"],
    "age_cla": ["The speaker's age is 44.", "The speaker's age is 27."],
    "temporal": ["Label with timestamps: Mechanisms: [0.0s-9.8s]; Squeak: [2.0s-7.2s, 7.4s-8.1s]; Tap: [9.6s-9.8s]"],
    "caption": ["Audio caption: A police car siren is sounding with traffic noise."],
    "ASR": [],
    "open-ended question": [],
}
SHARE = {
    "pitch_cla": 0.08,
    "cla_label": 0.10,
    "age_cla": 0.04,
    "temporal": 0.04,
    "caption": 0.04,
    "ASR": 0.04,
    "open-ended question": 0.66,
}


def batches(rows: int, seed: int = 0) -> Iterator[pa.RecordBatch]:
    """QA pairs of the paper's mix of tasks, two thirds open-ended, with texts of its lengths."""
    random = np.random.default_rng(seed)
    sentences = _sentences(random, 50_000)
    tasks = pa.array(list(SHARE))
    closed = {name: pa.array(answers) for name, answers in ANSWERS.items() if answers}
    hexes = pa.array([f"{value:04x}" for value in range(65_536)])
    for start in range(0, rows, BATCH):
        size = min(BATCH, rows - start)
        task = np.sort(random.choice(len(SHARE), size, p=list(SHARE.values())))
        is_open = pa.array(task == len(SHARE) - 1)

        def text(size: int = size) -> pa.Array:
            return sentences.take(pa.array(random.integers(0, len(sentences), size)))

        outputs: list[pa.Array] = []
        for index, name in enumerate(SHARE):
            count = int((task == index).sum())
            if name in closed:
                outputs.append(closed[name].take(pa.array(random.integers(0, len(closed[name]), count))))
            else:
                prefix = "Spoken text: " if name == "ASR" else ""
                outputs.append(pc.binary_join_element_wise(prefix, text(count), text(count), ""))
        dataset = pa.array(["audioset", "libritts", "voxceleb2"]).take(pa.array(random.integers(0, 3, size)))
        numbers = pa.array(random.integers(0, max(1, rows // 9), size)).cast(pa.string())
        ids = [hexes.take(pa.array(random.integers(0, 65_536, size))) for _ in range(16)]
        constant = {
            "prompt": "speech@1",
            "prompt_sha256": "ab" * 32,
            "split": "train",
            "extractor": "0f" * 16,
        }
        columns = {
            "instruction": pc.binary_join_element_wise("Closed-ended question: ", text(), "?", ""),
            "input": text(),
            "audio_id": pc.binary_join_element_wise(
                dataset, pc.binary_join_element_wise("part/clip", numbers, "_"), "/"
            ),
            "dataset": dataset,
            "task": tasks.take(pa.array(task)),
            "output": pa.concat_arrays(outputs),
            "request_id": pc.if_else(is_open, pc.binary_join_element_wise(*ids[::-1], ""), ""),
            "model": pc.if_else(is_open, "gpt-3.5-turbo-0125", ""),
            "finish_reason": pc.if_else(is_open, "stop", ""),
            "answerable": pa.array(random.random(size) > 0.06),
            "source": pc.if_else(is_open, "model", "rule"),
            "seed": pa.array(np.full(size, 7)),
            **{name: pa.array([value] * size) for name, value in constant.items()},
        }
        columns["qa_id"] = qa_ids(pa.table({name: columns[name] for name in IDENTITY}))
        columns |= {field.name: pa.nulls(size, field.type) for field in QA if field.nullable}
        yield pa.RecordBatch.from_arrays([columns[name] for name in QA.names], schema=QA)


def _sentences(random: np.random.Generator, number: int) -> pa.Array:
    lengths = random.integers(6, 16, number)
    return pa.array([" ".join(random.choice(WORDS, length)).capitalize() + "." for length in lengths])


def _child(action: str, folder: str, rows: int) -> None:
    """Runs in a process of its own, so that its peak memory is its own; prints processor seconds and MB."""
    from aig.shards.validator.validate import validate
    from aig.shards.writer.writer import publish

    parts = f"{folder}.qa.parquet"
    began = time.process_time()
    if action == "make":
        with pq.ParquetWriter(parts, QA, compression="zstd", compression_level=1) as writer:
            for batch in batches(rows):
                writer.write_batch(batch)
    elif action == "write":
        publish(pq.ParquetFile(parts, pre_buffer=False).iter_batches(batch_size=8192), folder, PublishSettings(), BUILD)
    elif action == "copy":
        _copy(parts, f"{folder}.copy.parquet")
    elif action == "read":
        for file in Path(folder).rglob("*.parquet"):
            with file.open("rb") as stream:
                hashlib.file_digest(stream, "sha256")
            parquet = pq.ParquetFile(file, page_checksum_verification=True)
            for group in range(parquet.num_row_groups):
                _hash(parquet.read_row_group(group, use_threads=False))
    else:
        report = validate(folder)
        if not report.ok or report.rows != rows:
            raise SystemExit(f"the set does not validate: {report.errors[:3]}")
    print(time.process_time() - began, peak_mb())


def _copy(source: str, target: str) -> None:
    """Rows of a set's columns as they come, compressed as a set's are."""
    columns = list(dict.fromkeys((*DATA.names, *LINEAGE.names)))
    file = pq.ParquetFile(source, pre_buffer=False)
    columns = [name for name in columns if name in file.schema_arrow.names]
    schema = pa.schema([file.schema_arrow.field(name) for name in columns])
    with pq.ParquetWriter(target, schema, compression="zstd") as writer:
        for batch in file.iter_batches(batch_size=ROW_GROUP_ROWS, columns=columns):
            _hash(batch)
            writer.write_batch(batch)


def _hash(rows: pa.Table | pa.RecordBatch) -> None:
    """BLAKE2b of each row; lineage, which has other columns, is left alone."""
    if set(IDENTITY) <= set(rows.schema.names):
        whole = pc.binary_join_element_wise(*(rows.column(name) for name in IDENTITY), " ")
        for content in whole.cast(pa.binary()).to_pylist():
            hashlib.blake2b(content, digest_size=16).hexdigest()


def _measure(module: str, *arguments: str) -> tuple[float, float]:
    """Processor seconds and peak MB of a run in a process of its own."""
    command = [sys.executable, "-m", f"benchmarks.{module}", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    seconds, megabytes = done.stdout.split()
    return float(seconds), float(megabytes)


def run() -> Iterable[Figure]:
    """Time, memory and growth of writing and validating."""
    with tempfile.TemporaryDirectory(prefix="aig-bench-") as name:
        seconds: dict[str, float] = {}
        for size, rows in (("small", ROWS // 10), ("large", ROWS)):
            _measure("bench_shards", "make", str(Path(name, size)), str(rows))
        for action, verb, bare, most in (("write", "writing", "copy", 3.0), ("validate", "validating", "read", 3.5)):
            seconds[action], _ = _measure("bench_shards", action, str(Path(name, "small")), str(ROWS // 10))
            large, megabytes = _measure("bench_shards", action, str(Path(name, "large")), str(ROWS))
            peer, _ = _measure("bench_shards", bare, str(Path(name, "large")), str(ROWS))
            yield Figure(f"{verb} {ROWS:,} rows by a bare {bare} of them", large, peer, "s", large / peer, most, False)
            yield Figure(f"{verb} {ROWS:,} rows: memory", megabytes, MEMORY_MB, "MB", megabytes / MEMORY_MB, 1.0, False)
            ten = seconds[action] * 10
            yield Figure(f"{verb}: time of 10 x the rows", large, ten, "s", large / ten, 1.25, False)
        if importlib.util.find_spec("pandera") is None:
            print("skipped the peer of validating: pandera is not installed", file=sys.stderr)
            return
        theirs, _ = _measure("pandera_shards", str(Path(name, "small")))
        ours = seconds["validate"]
        # As much as ten times by the clock on two cores, of which pandera uses one.
        yield Figure(f"validating {ROWS // 10:,} rows, pandera's time by ours", ours, theirs, "s", theirs / ours, 5.0)


if __name__ == "__main__":
    _child(sys.argv[1], sys.argv[2], int(sys.argv[3]))
