"""A published set as WebDataset: tar files of clips, each with its audio and all its questions and answers.

A sample is `<number>.flac` (16 kHz, one channel) and `<number>.json` with `audio_id`, `dataset` and `pairs`, a list of
`instruction`, `input`, `task`, `output`. Clips stand in the order of a hash of their id; the same set gives the same
bytes.
"""

from __future__ import annotations

import io
import itertools
import json
import tarfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from aig.core.errors import DataError
from aig.core.hashing import stable_hash_sql
from aig.shards.card import STAGES
from aig.shards.export.audio_copies import Read, flac
from aig.shards.export.export import whole_file
from aig.shards.published import PublishedSet
from aig.shards.schema import DATA

__all__ = ["export_tars"]

MEMORY = "800MB"
"""Above this DuckDB sorts on disk."""


def export_tars(
    url: str,
    out: Path,
    read: Read,
    *,
    config: str = "default",
    clips_per_tar: int = 1000,
    progress: Callable[[int], None] | None = None,
) -> tuple[int, int]:
    """Writes `shard-00000.tar`, ... into a folder.

    Args:
        url: folder of the set: a local path or any fsspec URL.
        out: folder of the tar files; those of an earlier export are removed.
        read: gives a clip's samples.
        config: which rows: `default`, `stage1`, `stage2`, `stage3`.
        clips_per_tar: samples of a tar file.
        progress: told the rows of each clip written.

    Returns:
        Clips written and clips left out, whose audio is not here.

    Raises:
        DataError: the set has no manifest that can be trusted, or no clip of it has audio.
    """
    written = left_out = 0
    made: set[Path] = set()
    with ExitStack() as stack:
        tar: tarfile.TarFile | None = None
        for audio_id, rows in _clips(url, config):
            samples = read(audio_id)
            if progress:
                progress(len(rows))
            if samples is None:
                left_out += 1
                continue
            if written % clips_per_tar == 0:
                stack.close()
                path = out / f"shard-{written // clips_per_tar:05d}.tar"
                made.add(path)
                stream: BinaryIO = stack.enter_context(whole_file(path))
                tar = stack.enter_context(tarfile.open(fileobj=stream, mode="w", format=tarfile.USTAR_FORMAT))
            pairs = [{name: row[name] for name in ("instruction", "input", "task", "output")} for row in rows]
            about = {"audio_id": audio_id, "dataset": rows[0]["dataset"], "pairs": pairs}
            _add(tar, f"{written:09d}.flac", flac(samples))
            _add(tar, f"{written:09d}.json", json.dumps(about, ensure_ascii=False).encode())
            written += 1
    if not written:
        raise DataError(
            f"none of the {left_out} clips has audio here", "Name the datasets' roots in the configuration."
        )
    for old in set(out.glob("shard-*.tar")) - made:
        old.unlink()
    return written, left_out


def _add(tar: tarfile.TarFile | None, name: str, content: bytes) -> None:
    if tar is None:
        raise AssertionError("the first sample opens a tar file")
    member = tarfile.TarInfo(name)
    member.size = len(content)
    member.mode = 0o644
    tar.addfile(member, io.BytesIO(content))


def _clips(url: str, config: str) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Each clip with its rows."""
    published = PublishedSet(url)
    paths = [e.path for e in published.manifest().data_files if e.folder in STAGES[config]]
    with published.connection(MEMORY) as (db, address):
        rows = db.read_parquet([address(path) for path in paths])
        order = f"{stable_hash_sql('audio_id')}, audio_id, " + ", ".join(
            name for name in DATA.names if name != "audio_id"
        )
        reader = rows.order(order).to_arrow_reader(10_000)
        yield from _grouped(reader)


def _grouped(reader: pa.RecordBatchReader) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    rows = (row for batch in reader for row in batch.to_pylist())
    for audio_id, group in itertools.groupby(rows, key=lambda row: row["audio_id"]):
        yield audio_id, list(group)
