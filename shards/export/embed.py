"""Puts the audio of a set's clips into the set: Parquet that `datasets` and the hub's viewer read and play."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.parallel import map_in_order
from aig.core.storage import whole_file, write_bytes
from aig.shards.card import card
from aig.shards.croissant import croissant
from aig.shards.export.audio_copies import AudioSource, encoded
from aig.shards.export.form import Form, Options, Sample, Sound
from aig.shards.export.rows import samples_of
from aig.shards.manifest import MANIFEST, FileEntry, Manifest
from aig.shards.published import PublishedSet
from aig.shards.sounds import QUESTION, RATE, RESTRICTED, SHAREABLE, SOUNDS

__all__ = ["embed_audio"]

CLIPS_PER_FILE = 1000
"""Some 150 MB of 10 s clips."""

_GROUP = 100
"""Rows of a row group: the viewer reads one at a time."""

_BY_CLIP = Form(name="sounds", about="", write=lambda *_: None, out="", audio="inside", by_clip=True, all_splits=True)


def embed_audio(
    url: str,
    source: AudioSource,
    shareable: Callable[[str, str | None], bool],
    *,
    workers: int = 2,
    progress: Callable[[int], None] | None = None,
) -> tuple[Manifest, int]:
    """Adds files with the audio of each clip that has rows, and writes card, description and manifest again.

    Args:
        url: folder of the set: a local path or any fsspec URL.
        source: gives the clips' audio; a clip without is left out.
        shareable: whether the audio of a clip of a dataset, under a licence, may be passed on.
        workers: clips that are decoded at a time.
        progress: told the rows read.

    Returns:
        The manifest as written, and how many clips have no audio in the set.

    Raises:
        DataError: the set has no manifest that can be trusted.
    """
    published = PublishedSet(url)
    manifest = published.manifest()
    without = 0
    with tempfile.TemporaryDirectory(prefix=".audio-", dir=published.local) as temporary:
        files = _Files(Path(temporary))
        about = samples_of(url, _BY_CLIP, Options(config="all", transcript=True), progress)
        samples = (sample for sample in about if len(sample.clips) == 1)
        for sample in _heard(samples, source, workers):
            if sample.sound is None:
                without += 1
                continue
            row = sample.rows[0]
            folder = SHAREABLE if shareable(sample.dataset, row["licence"]) else RESTRICTED
            files.add(folder, row["split"], _row(sample, sample.sound))
        entries = []
        for path, file, rows in files.finished():
            with file.open("rb") as stream:
                digest = hashlib.file_digest(stream, "sha256").hexdigest()
                stream.seek(0)
                entries.append(FileEntry(path=path, rows=rows, bytes=file.stat().st_size, sha256=digest))
                with whole_file(f"{url.rstrip('/')}/{path}") as target:
                    shutil.copyfileobj(stream, target)
            file.unlink()
    whole = manifest.model_copy(update={"files": tuple(sorted([*manifest.files, *entries], key=lambda one: one.path))})
    for name, content in (("README.md", card(whole).encode()), ("croissant.json", croissant(whole))):
        write_bytes(f"{url.rstrip('/')}/{name}", content)
    write_bytes(f"{url.rstrip('/')}/{MANIFEST}", whole.to_bytes())
    return whole, without


def _heard(samples: Iterable[Sample], source: AudioSource, workers: int) -> Iterator[Sample]:
    def heard(sample: Sample) -> Sample:
        samples = source.read(sample.audio_id) if source.place(sample.audio_id) else None
        if samples is None:
            return sample
        return replace(sample, sound=Sound(len(samples) / RATE, content=encoded(samples, ".flac")))

    with ThreadPoolExecutor(workers, thread_name_prefix="aig-embed") as pool:
        yield from map_in_order(pool, heard, iter(samples), ahead=8 * workers)


def _row(sample: Sample, sound: Sound) -> dict[str, Any]:
    return {
        "audio": {"bytes": sound.content, "path": f"{sample.audio_id.replace('/', '_')}.flac"},
        "audio_id": sample.audio_id,
        "dataset": sample.dataset,
        "licence": sample.rows[0]["licence"],
        "duration_s": sound.duration_s,
        "questions": [{name: row[name] for name in QUESTION} for row in sample.rows],
    }


class _Files:
    """Files of rows by folder and split, of `CLIPS_PER_FILE` rows each, without a final name yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._waiting: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        self._open: dict[tuple[str, str], tuple[BinaryIO, pq.ParquetWriter]] = {}
        self._rows: defaultdict[tuple[str, str], list[int]] = defaultdict(list)

    def add(self, folder: str, split: str, row: dict[str, Any]) -> None:
        place = folder, split
        self._waiting[place].append(row)
        if len(self._waiting[place]) == _GROUP:
            self._flush(place)

    def finished(self) -> Iterator[tuple[str, Path, int]]:
        """Each file's path in the set, where it is, and its rows."""
        for place in sorted(self._waiting):
            self._flush(place)
            self._close(place)
        for (folder, split), rows in sorted(self._rows.items()):
            for number, count in enumerate(rows):
                path = f"audio/{folder}/{split}-{number:05d}-of-{len(rows):05d}.parquet"
                yield path, self._file((folder, split), number), count

    def _file(self, place: tuple[str, str], number: int) -> Path:
        return self._folder / f"{'-'.join(place)}-{number}"

    def _flush(self, place: tuple[str, str]) -> None:
        rows = self._waiting[place]
        if not rows:
            return
        if place not in self._open:
            stream = self._file(place, len(self._rows[place])).open("wb")
            writer = pq.ParquetWriter(
                stream,
                SOUNDS,
                compression="zstd",
                use_dictionary=False,
                write_page_index=True,
                write_page_checksum=True,
            )
            self._open[place] = stream, writer
            self._rows[place].append(0)
        self._open[place][1].write_table(pa.Table.from_pylist(rows, SOUNDS), row_group_size=_GROUP)
        self._rows[place][-1] += len(rows)
        self._waiting[place] = []
        if self._rows[place][-1] >= CLIPS_PER_FILE:
            self._close(place)

    def _close(self, place: tuple[str, str]) -> None:
        if place in self._open:
            stream, writer = self._open.pop(place)
            writer.close()
            stream.flush()
            os.fsync(stream.fileno())
            stream.close()
