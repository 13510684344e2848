"""Checks a published set: the manifest complete and true, every file readable to its last page, every row in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import numpy as np
import pyarrow.compute as pc

from aig.core.hashing import Keys, row_keys
from aig.core.parallel import map_in_order
from aig.shards.feature_names import FeatureNames, feature_name, name_keys
from aig.shards.manifest import FileEntry, Manifest, lineage_path
from aig.shards.published import PublishedSet
from aig.shards.tokens import CUTOFFS
from aig.shards.validator.findings import Finding, ValidationReport
from aig.shards.validator.shard_check import ShardResult, check_shard

__all__ = ["Finding", "ValidationReport", "validate"]

WORKERS = 2
"""Threads that read and check; Arrow lets go of Python's lock in both."""


def validate(url: str, *, limit: int = 20, progress: Callable[[int, int], None] | None = None) -> ValidationReport:
    """Checks a published set from its manifest to its last page.

    Args:
        url: folder of the set: a local path, `https://`, `s3://` or any fsspec URL.
        limit: most findings kept of one code; all are counted.
        progress: told the rows checked and the rows there should be, after each shard.

    Raises:
        UsageError: nothing is at `url`, or it cannot be reached.
    """
    report = ValidationReport(limit=limit)
    published = PublishedSet(url)
    manifest, problems = published.problems()
    for code, message in problems:
        report.error(code, message)
    if manifest is None:
        return report
    present = _present(published, manifest, report)
    entries = {entry.path: entry for entry in manifest.files if entry.path in present}
    data = [entry for entry in manifest.data_files if entry.path in entries]
    order = _Order(report)
    names = FeatureNames()
    counts: Counter[tuple[str, str]] = Counter()
    longer: Counter[int] = Counter()

    def check(entry: FileEntry) -> ShardResult:
        beside = entries.get(lineage_path(entry.path))
        with ExitStack() as stack:
            here = [(e, stack.enter_context(published.file(e.path))) for e in (entry, beside) if e]
            return check_shard(here[0], here[1] if beside else None, manifest, limit)

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="aig-validate") as pool:
        for entry, result in zip(data, map_in_order(pool, check, data, ahead=2 * WORKERS), strict=True):
            report.add(result.report)
            order.add(entry, result.keys)
            names.add(result.names)
            counts.update(result.counts)
            longer.update(result.longer)
            if progress:
                progress(report.rows, manifest.rows)
    if len(twins := order.twins()):
        _duplicates(published, order.holding(twins), twins, manifest.build.seed, report)
    if len(shared := names.shared()):
        _shared_names(published, data, shared, report)
    elif names.count() != (told := sum(manifest.clips.values())):
        report.error("clips", f"rows are about {names.count()} clips; the manifest says {told}")
    _compare_counts(manifest, counts, report)
    for cutoff, trainer in CUTOFFS.items():
        if rows := longer[cutoff]:
            share = 100 * rows / report.rows
            message = (
                f"{rows} rows ({share:.1f} %) are longer than the {cutoff} tokens at which {trainer} cuts, by estimate"
            )
            report.warn(f"longer_than_{cutoff}", message, times=rows)
    return report


def _present(published: PublishedSet, manifest: Manifest, report: ValidationReport) -> set[str]:
    """The manifest's files that are there and can be those meant; says what is missing and what is extra."""
    named = Counter(entry.path for entry in manifest.files)
    for path, times in named.items():
        if times > 1:
            report.error("manifest", f"named {times} times in the manifest", path)
    for path in named:
        if path.startswith("data/") and lineage_path(path) not in named:
            report.error("missing_lineage", "the manifest names no lineage beside it", path)
        if path.startswith("lineage/") and path.replace("lineage/", "data/", 1) not in named:
            report.error("extra_lineage", "the lineage of no data file", path)
    if manifest.rows != sum(entry.rows for entry in manifest.data_files):
        report.error("rows", f"the manifest says {manifest.rows} rows; its data files do not add up to that")
    listed = published.listed()
    if listed is None:
        report.warn("not_listed", "the server lists no folders: files beyond the manifest were not looked for")
        found, links = {path for path in named if published.exists(path)}, set[str]()
    else:
        found, links = listed
    for path in sorted(links):
        report.error("symlink", "a link, not a file of the set", path)
    for path in sorted(set(named) - found - links):
        report.error("missing", "named in the manifest and not there", path)
    for path in sorted(found - set(named)):
        report.error("extra", "not named in the manifest", path)
    present = set(named) & found
    if published.local is None:
        present -= _wrong_size(published, manifest, present, report)
    return present


def _wrong_size(published: PublishedSet, manifest: Manifest, there: set[str], report: ValidationReport) -> set[str]:
    """Files on a server that are not worth fetching: their size is not the manifest's."""
    wrong = set()
    for entry in manifest.files:
        size = published.size(entry.path) if entry.path in there else entry.bytes
        if size is not None and size != entry.bytes:
            report.error("size", f"{size} bytes, the manifest says {entry.bytes}", entry.path)
            wrong.add(entry.path)
    return wrong


class _Order:
    """Whether rows stand in the order of their keys, and which keys stand twice; holds 8 bytes per row."""

    def __init__(self, report: ValidationReport) -> None:
        self._report = report
        self._keys: list[tuple[FileEntry, Keys]] = []
        self._last: dict[str, np.uint64] = {}

    def add(self, entry: FileEntry, keys: Keys) -> None:
        """Takes the keys of the next shard's rows."""
        if not len(keys):
            return
        folder = entry.folder
        first = np.array([self._last.get(folder, 0)], np.uint64)
        wrong = np.flatnonzero(keys < np.concatenate([first, keys[:-1]]))
        if len(wrong):
            message = "rows of lineage are not in the order of the seeded hash: they were moved or swapped"
            self._report.error("order", message, lineage_path(entry.path), int(wrong[0]))
        self._last[folder] = keys[-1]
        self._keys.append((entry, keys))

    def twins(self) -> Keys:
        """The keys that more than one row has."""
        keys = np.sort(np.concatenate([np.empty(0, np.uint64), *(keys for _, keys in self._keys)]))
        return np.unique(keys[1:][keys[1:] == keys[:-1]])

    def holding(self, keys: Keys) -> list[FileEntry]:
        """The shards that have rows with these keys."""
        return [entry for entry, own in self._keys if np.isin(own, keys).any()]


def _duplicates(
    published: PublishedSet, entries: Iterable[FileEntry], twins: Keys, seed: int, report: ValidationReport
) -> None:
    """Says which qa_id stand more than once, having looked at them: two may share a key by chance."""
    first: dict[str, str] = {}
    for entry in entries:
        start = 0
        for table in published.rows(entry, (), ("qa_id",)):
            ids = table.column("qa_id")
            for row in np.flatnonzero(np.isin(row_keys(ids, seed), twins)).tolist():
                where = f"{entry.path} row {start + row}"
                if (before := first.setdefault(ids[row].as_py(), where)) != where:
                    report.error("duplicate", f"qa_id also of {before}", entry.path, start + row)
            start += table.num_rows


def _shared_names(
    published: PublishedSet, entries: Iterable[FileEntry], shared: Keys, report: ValidationReport
) -> None:
    """Says which clips share the name of a feature file."""
    first: dict[str, str] = {}
    told: set[str] = set()
    for entry in entries:
        for table in published.rows(entry, ("audio_id",)):
            ids = pc.unique(table.column("audio_id"))
            for row in np.flatnonzero(np.isin(name_keys(ids)[:, 0], shared)).tolist():
                audio_id = ids[row].as_py()
                name = feature_name(audio_id)
                if (before := first.setdefault(name, audio_id)) != audio_id and audio_id not in told:
                    told.add(audio_id)
                    report.error("feature_name", f"{before!r} and {audio_id!r} share the feature file {name}.npz")


def _compare_counts(manifest: Manifest, counts: Counter[tuple[str, str]], report: ValidationReport) -> None:
    told = {(name, task): rows for name, tasks in manifest.counts.items() for task, rows in tasks.items()}
    for dataset, task in sorted(set(told) | set(counts)):
        says, has = told.get((dataset, task), 0), counts.get((dataset, task), 0)
        if says != has:
            report.error("counts", f"{has} rows of {dataset}, {task}; the manifest says {says}")
