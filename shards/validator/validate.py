"""Checks a published set: the manifest complete and true, every file readable to its last page, every row in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

from aig.core.parallel import map_in_order
from aig.core.tasks import COMPARISON
from aig.shards.manifest import FileEntry, Manifest, lineage_path
from aig.shards.published import PublishedSet
from aig.shards.reach import UnreachableError
from aig.shards.tokens import CUTOFFS
from aig.shards.validator.audio_check import Sides
from aig.shards.validator.card_check import check_card, check_croissant
from aig.shards.validator.clip_ids import ClipIds
from aig.shards.validator.files_check import files_to_check
from aig.shards.validator.findings import Finding, ValidationReport
from aig.shards.validator.order import Order, tell_duplicates
from aig.shards.validator.shard_check import ShardResult, check_shard

__all__ = ["Finding", "ValidationReport", "validate"]

WORKERS = 2
"""Threads that read and check; Arrow lets go of Python's lock in both."""

_EXPLAIN_COUNTS = {"unknown_dataset", "unknown_task", "stage_mix", "audio_id", "null", "empty", "qa_id", "duplicate"}
"""Findings about rows after which other counts than the manifest's are no news."""


def validate(url: str, *, limit: int = 20, progress: Callable[[int, int], None] | None = None) -> ValidationReport:
    """Checks a published set from its manifest to its last page.

    A file that a server does not give is a finding `unreachable`; the rest of the set is checked all the same.

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
    if not manifest.data_files or manifest.rows == 0:
        report.error("no_rows", "the set has no rows")
        return report
    if manifest.pair_separator is None and any(entry.folder == COMPARISON for entry in manifest.data_files):
        report.error("manifest", "has rows about two clips and declares no pair_separator")
    check_card(published, manifest, report)
    check_croissant(published, manifest, report)
    present = files_to_check(published, manifest, report)
    entries = {entry.path: entry for entry in manifest.files if entry.path in present}
    data = [entry for entry in manifest.data_files if entry.path in entries]
    others = {entry.sha256: entry.path for entry in manifest.files}
    order, clips, sides = Order(report), ClipIds(), Sides()
    counts: Counter[tuple[str, str]] = Counter()
    longer: Counter[int] = Counter()
    whole = len(data) == len(manifest.data_files)

    def check(entry: FileEntry) -> ShardResult:
        beside = entries.get(lineage_path(entry.path))
        with ExitStack() as stack:
            here = []
            for file in (entry, beside):
                if file is not None:
                    try:
                        here.append((file, stack.enter_context(published.file(file.path))))
                    except (UnreachableError, FileNotFoundError) as error:
                        return _not_fetched(file, error, limit)
            return check_shard(here[0], here[1] if beside else None, manifest, others, limit)

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="aig-validate") as pool:
        for entry, result in zip(data, map_in_order(pool, check, data, ahead=2 * WORKERS), strict=True):
            report.add(result.report)
            order.add(entry, result.keys)
            clips.add(result)
            sides.add(entry, result)
            counts.update(result.counts)
            longer.update(result.longer)
            whole = whole and result.whole
            if progress:
                progress(report.rows, manifest.rows)
    if len(twins := order.twins()):
        tell_duplicates(published, order.holding(twins), twins, manifest.build.seed, report)
    clips.tell(published, data, report)
    sides.check(published, manifest, present, report)
    if whole and not _EXPLAIN_COUNTS & report.counts.keys():
        _compare_counts(manifest, counts, clips.count(), report)
    for cutoff, trainer in CUTOFFS.items():
        if rows := longer[cutoff]:
            share = 100 * rows / report.rows
            message = (
                f"{rows} rows ({share:.1f} %) are longer than the {cutoff} tokens at which {trainer} cuts, by estimate"
            )
            report.warn(f"longer_than_{cutoff}", message, times=rows)
    return report


def _not_fetched(entry: FileEntry, error: Exception, limit: int) -> ShardResult:
    report = ValidationReport(shards=1, limit=limit)
    if isinstance(error, UnreachableError):
        report.error("unreachable", error.message, entry.path)
    else:
        report.error("missing", "named in the manifest and not there", entry.path)
    return ShardResult(report)


def _compare_counts(manifest: Manifest, counts: Counter[tuple[str, str]], clips: int, report: ValidationReport) -> None:
    """Whether the manifest's counts are those of the rows, where all of them were read."""
    if clips != (told := sum(manifest.clips.values())):
        report.error("clips", f"rows are about {clips} clips; the manifest says {told}")
    told_counts = {(name, task): rows for name, tasks in manifest.counts.items() for task, rows in tasks.items()}
    for dataset, task in sorted(set(told_counts) | set(counts)):
        says, has = told_counts.get((dataset, task), 0), counts.get((dataset, task), 0)
        if says != has:
            report.error("counts", f"{has} rows of {dataset}, {task}; the manifest says {says}")
