"""Whether a published set has clips of test sets, by the source keys in its audio index."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow.parquet as pq

from aig.core.source_keys import KeyList
from aig.shards.audio_index import AUDIO_INDEX
from aig.shards.published import PublishedSet
from aig.shards.validator.findings import ValidationReport

__all__ = ["check_held_out"]

_ROWS = 65_536


def check_held_out(url: str, lists: Sequence[KeyList], report: ValidationReport) -> None:
    """Adds an error `held_out` for each clip that overlaps with a test set.

    Clips without a source key cannot be compared: they are counted in a warning, and where no clip has one, or the set
    has no audio index, that is an error, for then nothing was checked.

    Args:
        url: folder of the set.
        lists: of the test sets.
        report: of the set.

    Raises:
        UsageError: the set cannot be reached.
    """
    names = ", ".join(of.name for of in lists)
    published = PublishedSet(url)
    manifest, _ = published.problems()
    if manifest is None:
        return
    if manifest.file(AUDIO_INDEX) is None:
        report.error("held_out", f"the set has no {AUDIO_INDEX}, so its clips cannot be held against {names}")
        return
    clips = compared = 0
    with published.file(AUDIO_INDEX) as path:
        for batch in pq.ParquetFile(path).iter_batches(_ROWS, columns=["audio_id", "source_key"]):
            for row, (audio_id, key) in enumerate(
                zip(batch.column("audio_id").to_pylist(), batch.column("source_key").to_pylist(), strict=True), clips
            ):
                if key is None:
                    continue
                compared += 1
                try:
                    found = next(filter(None, (of.overlap(key) for of in lists)), None)
                except ValueError as error:
                    found = str(error)
                if found:
                    report.error("held_out", f"{audio_id!r}: {found}", AUDIO_INDEX, row)
            clips += batch.num_rows
    if not compared:
        report.error("held_out", f"no clip has a source key, so none was held against {names}", AUDIO_INDEX)
    elif compared < clips:
        report.warn("no_source_key", f"{clips - compared} of {clips} clips have none and were not held against {names}")
