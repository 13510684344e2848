"""The sound of any clip of a workspace, for exports that carry it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from aig.core.members import container_of, stamp_of
from aig.core.records import Clip
from aig.extractors.audio import locate, read_audio
from aig.extractors.errors import AudioError
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import root_of
from aig.pipelines.workspace.workspace import Workspace
from aig.shards.export.audio_copies import Place

if TYPE_CHECKING:
    from aig.extractors.audio import Samples

__all__ = ["ClipAudio"]

_COLUMNS = ["audio_id", "dataset", "path", "start_s", "end_s", "channel", "stamp"]


class ClipAudio:
    """Gives where a clip is and its samples, by its id. Holds where each clip's audio is: some 300 bytes a clip.

    Attributes:
        faults: clips whose audio is not here or cannot be read, and why.
    """

    def __init__(self, configuration: Configuration) -> None:
        self.faults: dict[str, str] = {}
        self._configuration = configuration
        workspace = Workspace(configuration.workspace)
        urls = [
            workspace.url("clips", name, part)
            for name in configuration.datasets
            for part in workspace.parts("clips", name)
        ]
        tables = [pa.Table.from_batches([batch]) for batch in workspace.batches(urls, _COLUMNS)]
        self._table = pa.concat_tables(tables, promote_options="default").combine_chunks() if tables else None
        ids = self._table.column("audio_id").to_pylist() if self._table is not None else []
        self._row = {audio_id: row for row, audio_id in enumerate(ids)}

    def place(self, audio_id: str) -> Place | None:
        """Where a clip is; `None`, with a reason in `faults`, where its audio is not on this disk."""
        found = self._located(audio_id)
        if found is None:
            return None
        clip, file = found
        container = Path(container_of(str(file)))
        whole = container == file and clip.start_s is clip.end_s is clip.channel is None
        channel = "" if clip.channel is None else f"[{clip.channel}]"
        return Place(file, whole, f"{clip.path}{channel}@{clip.start_s}-{clip.end_s}#{stamp_of(container)}")

    def read(self, audio_id: str) -> Samples | None:
        """Samples at 16 kHz, one channel; `None`, with a reason in `faults`, where there are none."""
        found = self._located(audio_id)
        if found is None:
            return None
        clip, file = found
        try:
            return read_audio(
                file,
                start_s=clip.start_s,
                end_s=clip.end_s,
                max_clip_s=self._configuration.extract.audio.max_clip_s,
                channel=clip.channel,
                stamp=clip.stamp,
            ).samples
        except AudioError as error:
            self.faults[audio_id] = error.message
            return None

    def _located(self, audio_id: str) -> tuple[Clip, Path] | None:
        row = self._row.get(audio_id)
        if row is None or self._table is None:
            self.faults[audio_id] = "the workspace has no such clip"
            return None
        clip = Clip(**self._table.slice(row, 1).select(_COLUMNS).to_pylist()[0])
        if clip.path is None:
            self.faults[audio_id] = "its audio is not on this disk"
            return None
        try:
            return clip, locate(root_of(self._configuration, clip.dataset), clip.path)
        except AudioError as error:
            self.faults[audio_id] = error.message
            return None
