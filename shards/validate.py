"""Checks a published set: the manifest complete and true, every file readable to its last page, every row in order."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import fsspec
import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from datasets_registry.errors import UsageError
from shards.bounded import in_order
from shards.manifest import MANIFEST, FileEntry, Manifest, lineage_path
from shards.names import FeatureNames
from shards.report import Finding, ValidationReport
from shards.schema import SCHEMA_VERSION
from shards.shard_check import ShardResult, check_shard
from shards.staging import local_folder

__all__ = ["Finding", "ValidationReport", "validate"]

WORKERS = 2
MANIFEST_BYTES = 64 << 20


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
    fs, root = _reach(url)
    root = root.rstrip("/")
    manifest = _manifest(fs, root, report)
    if manifest is None:
        return report
    present = _present(fs, root, url, manifest, report)
    data = [entry for entry in manifest.data_files if entry.path in present]
    lineage = {entry.path: entry for entry in manifest.files if entry.path in present}
    local = local_folder(url)
    orders = _Orders(report)
    names = FeatureNames()
    counts: Counter[tuple[str, str]] = Counter()

    def check(entry: FileEntry) -> ShardResult:
        beside = lineage.get(lineage_path(entry.path))
        with ExitStack() as stack:
            here = local or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="aig-validate-")))
            if local is None:
                for wanted in filter(None, (entry, beside)):
                    target = here / wanted.path
                    target.parent.mkdir(parents=True, exist_ok=True)
                    fs.get_file(f"{root}/{wanted.path}", str(target))
            return check_shard(
                (entry, here / entry.path),
                (beside, here / beside.path) if beside else None,
                manifest.build.sources,
                manifest.build.seed,
                limit,
            )

    with ThreadPoolExecutor(WORKERS, thread_name_prefix="aig-validate") as pool:
        for entry, result in zip(data, in_order(pool, check, data, ahead=2 * WORKERS), strict=True):
            report.add(result.report)
            orders.add(entry.path, result.keys)
            names.add(result.audio_ids)
            counts.update(result.counts)
            if progress:
                progress(report.rows, manifest.rows)
    orders.finish()
    for first, second, name in names.collisions():
        report.error("feature_name", f"{first!r} and {second!r} share the name {name!r} of a feature file")
    _compare_counts(manifest, counts, report)
    return report


def _reach(url: str) -> tuple[fsspec.AbstractFileSystem, str]:
    try:
        fs, root = fsspec.core.url_to_fs(url)
        found = fs.exists(f"{root.rstrip('/')}/{MANIFEST}") or fs.exists(root)
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"{url} cannot be reached: {error}", "Install what the address needs, such as s3fs."
        ) from error
    if not found:
        raise UsageError(f"nothing is at {url}", "Name the folder that holds manifest.json.")
    return fs, root


def _manifest(fs: fsspec.AbstractFileSystem, root: str, report: ValidationReport) -> Manifest | None:
    path = f"{root}/{MANIFEST}"
    if not fs.isfile(path):
        report.error("no_manifest", "no manifest.json: not a published set, or a publish that was broken off")
        return None
    if fs.size(path) > MANIFEST_BYTES:
        report.error("manifest", f"manifest.json is larger than {MANIFEST_BYTES} bytes")
        return None
    try:
        manifest = Manifest.model_validate_json(fs.cat_file(path))
    except ValidationError as error:
        for problem in error.errors(include_url=False, include_context=False)[: report.limit]:
            where = ".".join(str(part) for part in problem["loc"])
            report.error("manifest", f"manifest.json, {where or 'top'}: {problem['msg'][:200]}")
        return None
    if manifest.schema_version != SCHEMA_VERSION:
        report.error("schema_version", f"the set has schema version {manifest.schema_version}, not {SCHEMA_VERSION}")
        return None
    return manifest


def _present(
    fs: fsspec.AbstractFileSystem, root: str, url: str, manifest: Manifest, report: ValidationReport
) -> set[str]:
    """The manifest's files that are there and are plain files of the set; says what is missing and what is extra."""
    named = [entry.path for entry in manifest.files]
    for path, times in Counter(named).items():
        if times > 1:
            report.error("manifest", f"named {times} times in the manifest", path)
    for entry in manifest.data_files:
        if lineage_path(entry.path) not in named:
            report.error("missing_lineage", "the manifest names no lineage beside it", entry.path)
    for path in named:
        if path.startswith("lineage/") and path.replace("lineage/", "data/", 1) not in named:
            report.error("extra_lineage", "lineage of no data file", path)
    if manifest.rows != sum(entry.rows for entry in manifest.data_files):
        report.error("rows", f"the manifest says {manifest.rows} rows; its data files do not add up to that")
    found = _listed(fs, root, url, report)
    if found is None:
        return {path for path in named if fs.exists(f"{root}/{path}")}
    for path in sorted(set(named) - found):
        report.error("missing", "named in the manifest and not there", path)
    for path in sorted(found - set(named)):
        report.error("extra", "not named in the manifest", path)
    return set(named) & found


def _listed(fs: fsspec.AbstractFileSystem, root: str, url: str, report: ValidationReport) -> set[str] | None:
    """The files under `data/` and `lineage/`; links are refused, for they may lead out of the set."""
    local = local_folder(url)
    found: set[str] = set()
    for folder in ("data", "lineage"):
        if local is not None:
            for path in _walk(local / folder):
                name = path.relative_to(local).as_posix()
                if path.is_symlink():
                    report.error("symlink", "a link, not a file of the set", name)
                found.add(name)
        else:
            try:
                found |= {path[path.index(root) + len(root) + 1 :] for path in fs.find(f"{root}/{folder}")}
            except (NotImplementedError, FileNotFoundError, OSError):
                report.warn(
                    "not_listed", "the server lists no folders, so files beyond the manifest were not looked for"
                )
                return None
    return {name for name in found if not (local and (local / name).is_symlink())}


def _walk(folder: Path) -> Iterator[Path]:
    """Everything below a folder that is no folder, without following links."""
    if folder.is_symlink():
        yield folder
    elif folder.is_dir():
        for path in sorted(folder.iterdir()):
            yield from _walk(path) if path.is_dir() and not path.is_symlink() else (path,)


class _Orders:
    """Whether rows stand in the order of their keys and no qa_id stands twice."""

    def __init__(self, report: ValidationReport) -> None:
        self._report = report
        self._keys: list[npt.NDArray[np.uint64]] = []
        self._paths: list[str] = []
        self._last: dict[str, np.uint64] = {}

    def add(self, path: str, keys: npt.NDArray[np.uint64]) -> None:
        if not len(keys):
            return
        folder = path.split("/")[1]
        before = np.concatenate([[self._last.get(folder, np.uint64(0))], keys[:-1]]).astype(np.uint64)
        wrong = np.flatnonzero(keys < before)
        if len(wrong):
            self._report.error(
                "order",
                "lineage is not in the order of the seeded hash of qa_id: rows were moved or swapped",
                lineage_path(path),
                int(wrong[0]),
            )
        self._last[folder] = keys[-1]
        self._keys.append(keys)
        self._paths.append(path)

    def finish(self) -> None:
        if not self._keys:
            return
        keys = np.sort(np.concatenate(self._keys))
        twins = np.unique(keys[1:][keys[1:] == keys[:-1]])
        if not len(twins):
            return
        for path, own in zip(self._paths, self._keys, strict=True):
            for row in np.flatnonzero(np.isin(own, twins)).tolist():
                self._report.error("duplicate", "a qa_id that the set holds more than once", lineage_path(path), row)


def _compare_counts(manifest: Manifest, counts: Counter[tuple[str, str]], report: ValidationReport) -> None:
    told = {(name, task): rows for name, tasks in manifest.counts.items() for task, rows in tasks.items()}
    for dataset, task in sorted(set(told) | set(counts)):
        says, has = told.get((dataset, task), 0), counts.get((dataset, task), 0)
        if says != has:
            report.error("counts", f"{has} rows of {dataset}, {task}; the manifest says {says}")
