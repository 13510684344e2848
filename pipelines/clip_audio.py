"""The sound of the clips of a workspace or of a published set, for exports that carry it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from aig.core.errors import UsageError
from aig.core.members import container_of, stamp_of
from aig.core.records import Clip
from aig.extractors.audio import locate, read_audio
from aig.extractors.errors import AudioError
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import root_of
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.audio_index import AUDIO_INDEX
from aig.shards.export.audio_copies import RATE, Place
from aig.shards.published import PublishedSet

if TYPE_CHECKING:
    from aig.extractors.audio import Samples

__all__ = ["ClipAudio", "audio_of_set", "audio_of_workspace"]

_COLUMNS = ["audio_id", "dataset", "path", "start_s", "end_s", "channel", "stamp"]

_LONGEST_S = 600.0
"""Longest clip that is decoded for a set, in seconds."""

_SLACK_S = 0.1
"""What a clip may be longer or shorter than its set says: other decoders pad otherwise."""


class ClipAudio:
    """Gives where a clip is and its samples, by its id. Holds where each clip's audio is: some 300 bytes a clip.

    Args:
        table: a row a clip: `audio_id`, and as many of a clip's `dataset`, `path`, `start_s`, `end_s`, `channel`,
            `stamp` and `duration_s` as are known.
        root: from a dataset's name to the folder that its paths are relative to.
        longest_s: longest clip that is decoded.

    Attributes:
        faults: clips whose audio is not here or cannot be read, and why.
    """

    def __init__(self, table: pa.Table, root: Callable[[str], str], longest_s: float) -> None:
        self.faults: dict[str, str] = {}
        self._table = table.combine_chunks()
        self._root = root
        self._longest_s = longest_s
        self._row = {audio_id: row for row, audio_id in enumerate(table.column("audio_id").to_pylist())}

    def place(self, audio_id: str) -> Place | None:
        """Where a clip is; `None`, with a reason in `faults`, where its audio is not on this disk."""
        found = self._located(audio_id)
        if found is None:
            return None
        clip, file, _ = found
        container = Path(container_of(str(file)))
        whole = container == file and clip.start_s is clip.end_s is clip.channel is None
        channel = "" if clip.channel is None else f"[{clip.channel}]"
        return Place(file, whole, f"{clip.path}{channel}@{clip.start_s}-{clip.end_s}#{stamp_of(container)}")

    def read(self, audio_id: str) -> Samples | None:
        """Samples at 16 kHz, one channel; `None`, with a reason in `faults`, where there are none."""
        found = self._located(audio_id)
        if found is None:
            return None
        clip, file, seconds = found
        try:
            samples = read_audio(
                file,
                start_s=clip.start_s,
                end_s=clip.end_s,
                max_clip_s=self._longest_s,
                channel=clip.channel,
                stamp=clip.stamp,
            ).samples
        except AudioError as error:
            self.faults[audio_id] = error.message
            return None
        if seconds is not None and abs(len(samples) / RATE - seconds) > _SLACK_S:
            self.faults[audio_id] = f"its audio is {len(samples) / RATE:.2f} s long, and the set's was {seconds:.2f} s"
            return None
        return samples

    def _located(self, audio_id: str) -> tuple[Clip, Path, float | None] | None:
        row = self._row.get(audio_id)
        if row is None:
            self.faults[audio_id] = "it is not among the clips"
            return None
        fields: dict[str, Any] = self._table.slice(row, 1).to_pylist()[0]
        seconds = fields.pop("duration_s", None)
        clip = Clip(**{"dataset": audio_id.partition("/")[0], **fields})
        if clip.path is None:
            self.faults[audio_id] = "its audio is not on this disk"
            return None
        try:
            return clip, locate(self._root(clip.dataset), clip.path), seconds
        except AudioError as error:
            self.faults[audio_id] = error.message
            return None


def audio_of_workspace(configuration: Configuration) -> ClipAudio:
    """The audio of a workspace's clips, where the configuration says it is."""
    workspace = Workspace(configuration.workspace)
    urls = [
        workspace.url("clips", name, part) for name in configuration.datasets for part in workspace.parts("clips", name)
    ]
    tables = [pa.Table.from_batches([batch]) for batch in workspace.batches(urls, _COLUMNS)]
    none = pa.table({"audio_id": pa.array([], pa.string())})
    table = pa.concat_tables(tables, promote_options="default") if tables else none
    return ClipAudio(table, lambda name: root_of(configuration, name), configuration.extract.audio.max_clip_s)


def audio_of_set(url: str, folder: Path) -> ClipAudio:
    """The audio of a published set's clips, on whatever machine, by the set's own index.

    Args:
        url: the set.
        folder: holds a folder for each dataset, named like it, that the index's paths are relative to.

    Raises:
        UsageError: the set has no index, or `folder` is not a folder.
    """
    published = PublishedSet(url)
    if not published.exists(AUDIO_INDEX):
        raise UsageError(f"{url} has no {AUDIO_INDEX}", "Publish it again, or give --config CONFIG.")
    if not folder.is_dir():
        raise UsageError(f"{folder} is not a folder", "Name one that holds a folder for each dataset.")
    with published.file(AUDIO_INDEX) as file:
        table = pq.read_table(file, columns=["audio_id", "path", "start_s", "end_s", "duration_s"])
    return ClipAudio(table, lambda name: str(folder / name), _LONGEST_S)
