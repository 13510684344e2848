"""The audio index, and whether what trains and what tests share a clip, a speaker, a video or a recording."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from aig.core.clip_pairs import distinct_clips
from aig.core.columns import plain_text
from aig.core.hashing import HashSet, Keys, row_keys
from aig.shards.audio_index import AUDIO, AUDIO_INDEX
from aig.shards.manifest import FileEntry, Manifest
from aig.shards.published import PublishedSet
from aig.shards.reach import UnreachableError
from aig.shards.rules import broken_text
from aig.shards.validator.findings import ValidationReport
from aig.shards.validator.parquet_file import batches, open_file
from aig.shards.validator.shard_check import ShardResult
from aig.shards.validator.sounds_check import check_sounds

__all__ = ["Sides"]

_OUTSIDE = r"^/|^~|^[A-Za-z]:[\\/]|(?:^|/)\.\.(?:/|$)|://"
"""A path that is not one below a dataset's root."""


class Sides:
    """Takes the clips of a set's shards by split; holds 8 bytes per clip."""

    def __init__(self) -> None:
        self._clips: defaultdict[str, list[Keys]] = defaultdict(list)

    def add(self, entry: FileEntry, result: ShardResult) -> None:
        """Takes the clips of a shard."""
        self._clips[entry.split].append(np.unique(result.names[:, 2]))

    def check(self, published: PublishedSet, manifest: Manifest, present: set[str], report: ValidationReport) -> None:
        """Checks the audio and its index, where the set has them, and tells which groups are on two sides."""
        sides = {split: np.unique(np.concatenate(keys)) for split, keys in self._clips.items()}
        both = _on_both(sides)
        for audio_id in _ids(published, manifest, both):
            report.error("group", f"{audio_id!r} has rows in more than one split")
        check_sounds(published, manifest, present, sides, report)
        entry = manifest.file(AUDIO_INDEX)
        if entry is None or entry.path not in present:
            return
        others = {other.sha256: other.path for other in manifest.files}
        seen = HashSet()
        groups: defaultdict[str, list[Keys]] = defaultdict(list)
        example: dict[int, str] = {}
        try:
            with published.file(entry.path) as path:
                file = open_file(entry, path, AUDIO, manifest.schema_version, others, report)
                for start, table in batches(file, report) if file is not None else ():
                    keys = row_keys(plain_text(table.column("audio_id")).fill_null(""), 0)
                    for row in np.flatnonzero(~seen.add(keys)).tolist():
                        report.error("audio_index", "a clip twice", entry.path, start + row)
                    _check_text(table, entry, start, report)
                    of_group = row_keys(plain_text(table.column("group")).fill_null(""), 0)
                    for split, clips in sides.items():
                        groups[split].append(of_group[np.isin(keys, clips)])
                    if len(sides) > 1:
                        ids = table.column("audio_id")
                        for group, row in zip(*np.unique(of_group, return_index=True), strict=True):
                            example.setdefault(int(group), ids[int(row)].as_py())
        except (UnreachableError, FileNotFoundError) as error:
            report.error("unreachable", str(error).splitlines()[0], entry.path)
            return
        if file is None:
            return
        lacking = [clips[~seen.contains(clips)] for clips in sides.values()]
        if missing := sum(map(len, lacking)):
            report.error("audio_index", f"{missing} clips that have rows are not in the index", entry.path)
        in_split = {split: np.unique(np.concatenate(parts)) for split, parts in groups.items() if parts}
        for group in _on_both(in_split).tolist():
            message = f"clips of the speaker, video or recording of {example[group]!r} are in more than one split"
            report.error("group", message, entry.path)


def _check_text(table: pa.Table, entry: FileEntry, start: int, report: ValidationReport) -> None:
    paths = plain_text(table.column("path"))
    for row in np.flatnonzero(pc.match_substring_regex(paths, _OUTSIDE).fill_null(False).to_numpy(False)).tolist():
        message = f"path is not one below its dataset's root: {paths[row].as_py()[:80]!r}"
        report.error("machine_path", message, entry.path, start + row)
    for name in ("audio_id", "licence", "source_key", "group"):
        for broken in broken_text(name, plain_text(table.column(name))):
            for row in broken.rows[: report.limit].tolist():
                report.error(broken.code, broken.say(row), entry.path, start + row)


def _on_both(sides: dict[str, Keys]) -> Keys:
    keys = np.sort(np.concatenate([np.empty(0, np.uint64), *sides.values()]))
    return np.unique(keys[1:][keys[1:] == keys[:-1]])


def _ids(published: PublishedSet, manifest: Manifest, keys: Keys) -> Iterator[str]:
    """The clips with these keys, each once."""
    told: set[str] = set()
    for entry in manifest.data_files if len(keys) else ():
        for table in published.rows(entry, ("audio_id",)):
            ids = distinct_clips(table.column("audio_id"))
            for row in np.flatnonzero(np.isin(row_keys(ids, 0), keys)).tolist():
                if (audio_id := ids[row].as_py()) not in told:
                    told.add(audio_id)
                    yield audio_id
