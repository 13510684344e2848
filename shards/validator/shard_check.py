"""One shard checked to its last page: the bytes, the Parquet file, the columns, every row, its lineage."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.clip_pairs import distinct_clips
from aig.core.columns import plain_text
from aig.core.hashing import row_keys
from aig.core.qa_id import QA_ID_LENGTH, qa_ids
from aig.shards.choice_check import other_answers, right_answers
from aig.shards.feature_names import name_keys
from aig.shards.manifest import FileEntry, Manifest
from aig.shards.rules import MOST_ID_BYTES, Broken, Rows, broken_lineage, broken_rows
from aig.shards.schema import DATA, DATA_SHA256_KEY, LINEAGE
from aig.shards.suspicious_text import suspicious
from aig.shards.tokens import CUTOFFS, tokens
from aig.shards.validator.findings import ValidationReport
from aig.shards.validator.parquet_file import Opened, batches, open_file

__all__ = ["ShardResult", "check_shard"]

TEST_SPLITS = ("test", "testing", "eval", "evaluation")
"""What owners call the clips that nobody may train on; sets of schema version 1 carry the owners' own names."""


@dataclass(slots=True)
class ShardResult:
    """What one shard's check gives to the check of the whole set.

    Attributes:
        report: what is wrong in the shard.
        keys: `aig.core.hashing.row_keys` of its `qa_id`, shape `(rows,)`.
        names: `aig.shards.feature_names.name_keys` of its distinct audio ids.
        counts: rows by dataset and task.
        longer: rows that are longer than each of `aig.shards.tokens.CUTOFFS`.
        whole: whether every row could be read.
    """

    report: ValidationReport
    keys: npt.NDArray[np.uint64] = field(default_factory=lambda: np.empty(0, np.uint64))
    names: npt.NDArray[np.uint64] = field(default_factory=lambda: np.empty((0, 3), np.uint64))
    counts: dict[tuple[str, str], int] = field(default_factory=dict)
    longer: Counter[int] = field(default_factory=Counter)
    whole: bool = False


def check_shard(
    data: tuple[FileEntry, Path],
    lineage: tuple[FileEntry, Path] | None,
    manifest: Manifest,
    others: Mapping[str, str],
    limit: int,
) -> ShardResult:
    """Checks a data file and the lineage beside it.

    Args:
        data: the manifest's entry and where the file lies on this machine.
        lineage: the same of the lineage file; `None` where there is none.
        manifest: of the set: its datasets, tasks and seed.
        others: paths in the set by SHA-256.
        limit: most findings kept of one code.
    """
    report = ValidationReport(shards=1, limit=limit)
    result = ShardResult(report)
    version = manifest.schema_version
    data_file = open_file(*data, DATA, version, others, report)
    lineage_file = open_file(*lineage, LINEAGE, version, others, report) if lineage else None
    ids = right = None
    if lineage_file is not None:
        ids, right = _check_lineage(lineage_file, data_file, data[0], manifest, report)
        result.keys = row_keys(ids.filter(pc.not_equal(ids, "")), manifest.build.seed)
        if (result.keys[1:] < result.keys[:-1]).any():
            ids = None  # rows of lineage were moved, which is told once for the set
    if data_file is None:
        return result
    audio_ids: list[pa.Array] = []
    for start, batch in batches(data_file, report):
        report.rows += batch.num_rows
        wrong = _check_rows(data_file.entry, start, batch, manifest, report)
        if ids is not None and len(ids) == data_file.parquet.metadata.num_rows:
            wrong = _check_ids(data_file.entry, start, batch, ids.slice(start, batch.num_rows), wrong, report)
            if right is not None and len(right) == len(ids):
                for broken in other_answers(batch.column("output"), right.slice(start, batch.num_rows)):
                    new = np.setdiff1d(broken.rows, wrong)
                    _note(report, data_file.entry, start, replace(broken, rows=new))
        audio_ids.append(pc.unique(batch.column("audio_id")))
        length = tokens(batch)
        result.longer.update({cutoff: int((length > cutoff).sum()) for cutoff in CUTOFFS})
        for key, rows in _counts(batch).items():
            result.counts[key] = result.counts.get(key, 0) + rows
    result.whole = report.rows == data[0].rows
    if audio_ids:
        ids = distinct_clips(pa.chunked_array(audio_ids))
        result.names = name_keys(ids.filter(pc.less_equal(pc.binary_length(ids), MOST_ID_BYTES)))
    return result


def _check_rows(entry: FileEntry, start: int, batch: pa.Table, manifest: Manifest, report: ValidationReport) -> Rows:
    """Tells of each row that breaks a rule, by the first that it breaks; returns these rows."""
    wrong: Rows = np.empty(0, np.int64)
    broken_by = chain(
        _misplaced(batch.column("task"), entry, manifest), broken_rows(batch, manifest.build.sources, manifest.tasks)
    )
    for broken in broken_by:
        new = np.setdiff1d(broken.rows, wrong)
        _note(report, entry, start, replace(broken, rows=new))
        wrong = np.union1d(wrong, new)
    for broken in suspicious(batch):
        _note(report, entry, start, broken, warning=True)
    return wrong


def _misplaced(tasks: pa.ChunkedArray, entry: FileEntry, manifest: Manifest) -> Iterator[Broken]:
    here = [name for name, spec in manifest.tasks.items() if spec.folder == entry.folder]
    elsewhere = [name for name in manifest.tasks if name not in here]
    rows = np.flatnonzero(pc.is_in(plain_text(tasks), pa.array(elsewhere, pa.string())).to_numpy(zero_copy_only=False))
    if len(rows):
        message = f"a row whose task does not belong under data/{entry.folder}/"
        yield Broken("stage_mix", rows, lambda row: f"{message}: {tasks[row].as_py()}")


def _check_ids(
    entry: FileEntry, start: int, batch: pa.Table, ids: pa.Array, wrong: Rows, report: ValidationReport
) -> Rows:
    """Tells of rows that are not those of their ids; returns these and those that were wrong before."""
    other = np.flatnonzero(
        pc.and_(pc.not_equal(qa_ids(batch), ids), pc.not_equal(ids, "")).to_numpy(zero_copy_only=False)
    )
    rows = np.setdiff1d(other, wrong, assume_unique=True)
    if len(rows):
        message = "the row is not the one that its qa_id was made of: its text was changed, or rows were swapped"
        _note(report, entry, start, Broken("qa_id", rows, message))
    return np.union1d(wrong, other)


def _note(report: ValidationReport, entry: FileEntry, start: int, broken: Broken, *, warning: bool = False) -> None:
    """Lists the first findings of a rule and counts the others."""
    tell = report.warn if warning else report.error
    shown = broken.rows[: report.limit].tolist()
    for row in shown:
        tell(broken.code, broken.say(row), entry.path, start + row)
    report.counts[broken.code] += len(broken.rows) - len(shown)


def _check_lineage(
    file: Opened, data: Opened | None, data_entry: FileEntry, manifest: Manifest, report: ValidationReport
) -> tuple[pa.Array, pa.Array | None]:
    """Checks the rows of lineage; returns their `qa_id`, and the right options where there are any."""
    entry = file.entry
    bound = file.metadata(DATA_SHA256_KEY)
    if bound != data_entry.sha256 and file.published and (data is None or data.published):
        report.error("lineage", f"the lineage of another data file (sha256 {bound or 'not given'})", entry.path)
    sources = {spec.source for spec in manifest.tasks.values() if spec.folder == entry.folder}
    source = pa.scalar(sources.pop() if len(sources) == 1 else "either")
    ids: list[pa.Array] = []
    right: list[pa.Array] = []
    for start, batch in batches(file, report):
        right.append(right_answers(batch))
        for broken in broken_lineage(batch, source):
            _note(report, entry, start, broken)
        for broken in _splits(batch, entry, manifest.schema_version):
            _note(report, entry, start, broken)
        for broken in _prompts(batch, manifest):
            _note(report, entry, start, broken)
        own = plain_text(batch.column("qa_id")).fill_null("")
        ids.append(pc.if_else(pc.equal(pc.binary_length(own), QA_ID_LENGTH), own, ""))
    rows = sum(map(len, ids))
    if rows != data_entry.rows and file.published:
        report.error("lineage", f"{rows} rows of lineage for {data_entry.rows} rows of data", entry.path)
    if not ids:
        return pa.array([], pa.string()), None
    has_options = any(part.null_count < len(part) for part in right)
    return pa.concat_arrays(ids), pa.concat_arrays(right) if has_options else None


def _splits(batch: pa.Table, entry: FileEntry, version: str) -> Iterator[Broken]:
    """Rows of another split than the file's."""
    splits = plain_text(batch.column("split"))
    if version == "1":
        foreign = pc.is_in(pc.utf8_lower(splits), pa.array(TEST_SPLITS))
    else:
        foreign = pc.not_equal(splits, entry.split)
    rows = np.flatnonzero(foreign.fill_null(False).to_numpy(zero_copy_only=False))
    if len(rows):
        message = f"in a file of {entry.split}"
        yield Broken("split", rows, lambda row: f"a row of the split {splits[row].as_py()[:40]!r} {message}")


def _prompts(batch: pa.Table, manifest: Manifest) -> Iterator[Broken]:
    """Rows of prompts that the manifest does not name, where it names any."""
    known = manifest.build.prompts
    if not known:
        return
    hashes = plain_text(batch.column("prompt_sha256"))
    rows = np.flatnonzero(pc.invert(pc.is_in(hashes, pa.array(sorted(set(known.values()))))).to_numpy(False))
    if len(rows):
        yield Broken("lineage_value", rows, "prompt_sha256 is not that of a prompt that the manifest names")


def _counts(batch: pa.Table) -> dict[tuple[str, str], int]:
    grouped = batch.select(["dataset", "task"]).group_by(["dataset", "task"]).aggregate([([], "count_all")])
    return {
        (row["dataset"], row["task"]): row["count_all"]
        for row in grouped.to_pylist()
        if row["dataset"] is not None and row["task"] is not None
    }
