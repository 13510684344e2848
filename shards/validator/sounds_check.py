"""The audio inside a set: each clip once, in its own split, playable and as long as said, with questions of the set."""

from __future__ import annotations

import io
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from aig.core.columns import plain_text
from aig.core.hashing import HashSet, Keys, row_keys
from aig.core.qa_id import IDENTITY, qa_ids
from aig.shards.manifest import FileEntry, Manifest
from aig.shards.published import PublishedSet
from aig.shards.reach import UnreachableError
from aig.shards.rules import broken_text
from aig.shards.sounds import RATE, SOUNDS, sound_files
from aig.shards.validator.findings import ValidationReport
from aig.shards.validator.parquet_file import batches, open_file

__all__ = ["check_sounds"]

_SLACK_S = 0.01


def check_sounds(
    published: PublishedSet,
    manifest: Manifest,
    present: set[str],
    sides: Mapping[str, Keys],
    report: ValidationReport,
) -> None:
    """Checks the files with audio inside, where the set has some.

    Args:
        published: the set.
        manifest: its manifest.
        present: files that are there.
        sides: by split, hashes of the clips that have rows, see `aig.core.hashing.row_keys`; ascending.
        report: told what is wrong.
    """
    others = {entry.sha256: entry.path for entry in manifest.files}
    seen = HashSet()
    for entry in sound_files(manifest):
        if entry.path not in present:
            continue
        try:
            with published.file(entry.path) as path:
                file = open_file(entry, path, SOUNDS, manifest.schema_version, others, report)
                for start, table in batches(file, report) if file is not None else ():
                    keys = row_keys(plain_text(table.column("audio_id")).fill_null(""), 0)
                    for row in np.flatnonzero(~seen.add(keys)).tolist():
                        report.error("sound", "a clip twice", entry.path, start + row)
                    here = np.isin(keys, sides.get(entry.split, np.empty(0, np.uint64)))
                    for row in np.flatnonzero(~here).tolist():
                        message = f"a clip that has no rows in {entry.split}"
                        report.error("sound", message, entry.path, start + row)
                    _check_rows(table, entry, start, report)
        except (UnreachableError, FileNotFoundError) as error:
            report.error("unreachable", str(error).splitlines()[0], entry.path)


def _check_rows(table: pa.Table, entry: FileEntry, start: int, report: ValidationReport) -> None:
    for name in ("audio_id", "licence"):
        for broken in broken_text(name, plain_text(table.column(name))):
            for row in broken.rows[: report.limit].tolist():
                report.error(broken.code, broken.say(row), entry.path, start + row)
    for row, clip in enumerate(table.to_pylist()):
        if fault := _fault(clip["audio"]["bytes"], clip["duration_s"]):
            report.error("sound", f"{clip['audio_id']!r}: {fault}", entry.path, start + row)
        asked = [
            {**{name: question[name] for name in IDENTITY if name in question}, **_of(clip)}
            for question in clip["questions"]
        ]
        if not asked:
            report.error("sound", f"{clip['audio_id']!r} has no questions", entry.path, start + row)
            continue
        batch = pa.RecordBatch.from_pylist(asked, pa.schema([pa.field(name, pa.string()) for name in IDENTITY]))
        if any(batch.column(name).null_count for name in IDENTITY) or qa_ids(batch).to_pylist() != [
            question["qa_id"] for question in clip["questions"]
        ]:
            report.error("qa_id", f"a question of {clip['audio_id']!r} is not its id's", entry.path, start + row)


def _of(clip: dict[str, object]) -> dict[str, object]:
    return {"audio_id": clip["audio_id"], "dataset": clip["dataset"]}


def _fault(content: bytes | None, seconds: float) -> str | None:
    """What is wrong with a clip's FLAC file, by its header."""
    import soundfile

    try:
        about = soundfile.info(io.BytesIO(content or b""))
    except soundfile.SoundFileError as error:
        return f"its audio cannot be read: {error}"
    if (about.format, about.samplerate, about.channels) != ("FLAC", RATE, 1):
        return f"its audio is {about.format} of {about.channels} channels at {about.samplerate} Hz"
    if abs(about.frames / RATE - seconds) > _SLACK_S:
        return f"its audio is {about.frames / RATE:.2f} s long, its row says {seconds:.2f} s"
    return None
