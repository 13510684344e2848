"""What was asked to be forgotten, so that it does not come back: hashes, from which nobody can tell whom they mean."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

from aig.core.records import Clip
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["Tombstones"]

FILE = "forgotten.json"

_RESTORE = "Restore it from a back-up: without it, what was forgotten comes back with the next index."


@dataclass(frozen=True)
class Tombstones:
    """Clips and speakers that were forgotten.

    Attributes:
        hashes: of `clip <audio_id>` and `speaker <dataset> <speaker_id>`.
    """

    hashes: frozenset[str]

    @classmethod
    def of(cls, workspace: Workspace) -> Tombstones:
        """The tombstones of a workspace."""
        return cls(frozenset(workspace.read_json(FILE, advice=_RESTORE) or ()))

    def with_clips(self, audio_ids: set[str]) -> Tombstones:
        """These, and some clips."""
        return Tombstones(self.hashes | {_hash("clip", audio_id) for audio_id in audio_ids})

    def with_speaker(self, dataset: str, speaker_id: str) -> Tombstones:
        """These, and a speaker of a dataset with all clips of theirs, present and future."""
        return Tombstones(self.hashes | {_hash("speaker", dataset, speaker_id)})

    def write(self, workspace: Workspace) -> None:
        """Keeps them in a workspace."""
        workspace.write_text(json.dumps(sorted(self.hashes), indent=0) + "\n", FILE)

    def covers(self, clip: Clip) -> bool:
        """Whether a clip was forgotten, or its speaker."""
        if not self.hashes:
            return False
        speaker = clip.speaker_id and _hash("speaker", clip.dataset, clip.speaker_id)
        return _hash("clip", clip.audio_id) in self.hashes or speaker in self.hashes

    def covers_id(self, audio_id: str) -> bool:
        """Whether the clip of an id was forgotten by its id."""
        return _hash("clip", audio_id) in self.hashes


def _hash(*what: str) -> str:
    return hashlib.sha256("\0".join(("aig forgotten", *what)).encode()).hexdigest()
