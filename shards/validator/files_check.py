"""Which of a set's files are there: what the manifest names and what lies in the folders, each cause told once."""

from __future__ import annotations

from collections import Counter, defaultdict

from aig.shards.manifest import FileEntry, Manifest, lineage_path
from aig.shards.published import PublishedSet, is_lfs_pointer
from aig.shards.reach import UnreachableError
from aig.shards.sounds import sound_files
from aig.shards.validator.findings import ValidationReport

__all__ = ["files_to_check"]

_POINTER_BYTES = 1024
"""A Git LFS pointer is smaller."""


def files_to_check(published: PublishedSet, manifest: Manifest, report: ValidationReport) -> set[str]:
    """Paths of the manifest's files that are there and can be those meant; tells what is missing and what is extra."""
    named = Counter(entry.path for entry in manifest.files)
    for path, times in named.items():
        if times > 1:
            report.error("manifest", f"named {times} times in the manifest", path)
    _check_names(manifest, set(named), report)
    present = _present(published, set(named), report)
    pointers, wrong = set(), set()
    for entry in manifest.files:
        if entry.path not in present:
            continue
        try:
            size = published.size(entry.path)
            if size is None or size == entry.bytes:
                continue
            if size < _POINTER_BYTES and is_lfs_pointer(published.read(entry.path, _POINTER_BYTES) or b""):
                pointers.add(entry.path)
            elif published.local is None:  # not worth fetching
                report.error("size", f"{size} bytes, the manifest says {entry.bytes}", entry.path)
                wrong.add(entry.path)
        except FileNotFoundError:  # a folder in its place, or removed in this moment
            report.error("missing", "named in the manifest and not there", entry.path)
            wrong.add(entry.path)
        except UnreachableError as error:
            report.error("unreachable", error.message, entry.path)
            wrong.add(entry.path)
    if pointers:
        some = f"{len(pointers)} files are Git LFS pointers: the files were not downloaded, run `git lfs pull`"
        report.error("lfs_pointer", some, min(pointers))
    return present - pointers - wrong


def _check_names(manifest: Manifest, named: set[str], report: ValidationReport) -> None:
    """Whether the manifest's files belong together: lineage beside data, no number left out, rows that add up."""
    for path in sorted(named):
        if path.startswith("data/") and lineage_path(path) not in named:
            report.error("missing_lineage", "the manifest names no lineage beside it", path)
        if path.startswith("lineage/") and path.replace("lineage/", "data/", 1) not in named:
            report.error("extra_lineage", "the lineage of a data file that the manifest does not name", path)
    groups: dict[tuple[str, str], list[FileEntry]] = defaultdict(list)
    for entry in (*manifest.data_files, *sound_files(manifest)):
        groups[entry.path.rpartition("/")[0], entry.split].append(entry)
    for (folder, split), entries in sorted(groups.items()):
        numbers = sorted({entry.number for entry in entries})
        count = numbers[-1][1]
        if numbers != [(index, count) for index in range(count)]:
            message = f"the manifest names {len(numbers)} files of {split} where their names say {count}"
            report.error("numbering", message, folder)
    if manifest.rows != sum(entry.rows for entry in manifest.data_files):
        report.error("rows", f"the manifest says {manifest.rows} rows; its data files do not add up to that")


def _present(published: PublishedSet, named: set[str], report: ValidationReport) -> set[str]:
    listed = published.listed()
    if listed is None:
        report.warn("not_listed", "the server lists no folders: files beyond the manifest were not looked for")
        return {path for path in named if _is_there(published, path, report)}
    found, links = listed
    for path in sorted(links):
        report.error("symlink", "a link, not a file of the set", path)
    hidden = {path for path in named if any(f"{path}/".startswith(f"{link}/") for link in links)}
    for path in sorted(named - found - links - hidden):
        report.error("missing", "named in the manifest and not there", path)
    for path in sorted(found - named):
        report.error("extra", "not named in the manifest", path)
    return named & found


def _is_there(published: PublishedSet, path: str, report: ValidationReport) -> bool:
    try:
        if published.exists(path):
            return True
        report.error("missing", "named in the manifest and not there", path)
    except UnreachableError as error:
        report.error("unreachable", error.message, path)
    return False
