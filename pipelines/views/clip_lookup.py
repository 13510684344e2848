"""All that is known about one clip: its record, its features, its sound, what the model was asked and said."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any

from aig.core.errors import UsageError
from aig.core.records import Clip, Features
from aig.core.tables import from_batch
from aig.extractors.audio import Audio, locate, read_audio
from aig.generators.chat import ChatRequest, Reply
from aig.generators.ledger.ledger import Ledger
from aig.pipelines.configuration import Configuration
from aig.pipelines.sources import dataset_of, root_of
from aig.pipelines.stages.generate.plan import request_about
from aig.pipelines.workspace.buckets import derive
from aig.pipelines.workspace.workspace import Workspace
from aig.prompts.open_ended import load

if TYPE_CHECKING:
    import duckdb

__all__ = ["ClipLookup", "Exchange", "fields_of"]

_PLUMBING = {"audio_id", "content", "fingerprint", "level_curve", "extractor", "source", "stamp", "words", "path"}
"""Fields that tell a reader nothing about the sound."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """What the model was asked about a clip with one prompt, and what it said.

    Attributes:
        prompt: name and version.
        messages: role and content of each message; `None` where the present code, prompts and settings would no longer
            ask the same.
        reply: as kept in the ledger; `None` where it holds none.
    """

    prompt: str
    messages: tuple[tuple[str, str], ...] | None
    reply: Reply | None


@dataclass(frozen=True)
class ClipLookup:
    """Finds what belongs to a clip in a workspace.

    Attributes:
        configuration: of the build.
        workspace: of the build.
        database: of `aig.pipelines.workspace.database.open_tables`.
    """

    configuration: Configuration
    workspace: Workspace
    database: duckdb.DuckDBPyConnection
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)
    _gathered: dict[tuple[str, str], Any] = field(default_factory=dict, repr=False, compare=False)
    """By table and id, what `gather` found."""

    @cached_property
    def ledger(self) -> Ledger:
        """The model's replies; opened once, for a million of them take seconds."""
        return Ledger(self.workspace.url("responses"))

    def clip(self, audio_id: str) -> Clip | None:
        """The clip of that id."""
        clip: Clip | None = self._record("clips", Clip, audio_id)
        return clip

    def features(self, audio_id: str) -> Features | None:
        """What was measured on it."""
        features: Features | None = self._record("features", Features, audio_id)
        return features

    def gather(self, audio_ids: Collection[str]) -> None:
        """Finds several clips and what was measured on them at once: each query opens all parts there are."""
        kinds: dict[str, Any] = {"clips": Clip, "features": Features}
        for table, kind in kinds.items():
            rows = self.database.cursor().execute(
                f"SELECT * FROM {table} WHERE audio_id IN (SELECT unnest($audio_ids))",  # noqa: S608
                {"audio_ids": list(audio_ids)},
            )
            self._gathered.update(dict.fromkeys((table, audio_id) for audio_id in audio_ids))
            for record in from_batch(rows.to_arrow_table(), kind):
                self._gathered[table, record.audio_id] = record

    def _record(self, table: str, kind: Any, audio_id: str) -> Any:
        if (table, audio_id) in self._gathered:
            return self._gathered[table, audio_id]
        rows = self.database.cursor().execute(
            f"SELECT * FROM {table} WHERE audio_id = $audio_id LIMIT 1",  # noqa: S608
            {"audio_id": audio_id},
        )
        return next(from_batch(rows.to_arrow_table(), kind), None)

    def audio(self, clip: Clip) -> Audio:
        """The clip's samples, as everything was measured on them.

        Raises:
            AudioError: it is not on this disk, or cannot be decoded.
        """
        root = root_of(self.configuration, clip.dataset)
        return read_audio(
            locate(root, clip.path or ""),
            start_s=clip.start_s,
            end_s=clip.end_s,
            max_clip_s=self.configuration.extract.audio.max_clip_s,
            channel=clip.channel,
            stamp=clip.stamp,
        )

    def request(self, clip: Clip, features: Features | None, prompt: str) -> ChatRequest | None:
        """What a prompt of that name and version asks about a clip; `None` where it asks nothing, or is not there."""
        try:
            template = load(prompt, self.configuration.generate.questions.prompt_folder)
        except UsageError:
            return None
        dataset = dataset_of(self.configuration, clip.dataset).for_split(clip.split)
        return request_about(self.configuration, dataset, derive(clip, features), template)

    def exchange(self, clip: Clip, features: Features | None, prompt: str, request_id: str = "") -> Exchange:
        """What was asked with a prompt and what came back.

        Args:
            clip: the clip.
            features: what was measured on it.
            prompt: name and version.
            request_id: of the pair in question; without, the request the present configuration would send.
        """
        request = self.request(clip, features, prompt)
        key = request_id or (request.key if request else "")
        messages = None
        if request is not None and request.key == key:
            messages = tuple((message["role"], message["content"]) for message in request.messages)
        with self._lock:  # a ledger is read by one thread at a time
            return Exchange(prompt, messages, self.ledger.get(key) if key else None)


def fields_of(record: Clip | Features) -> list[tuple[str, str]]:
    """A record's fields that have a value, as name and text for a person."""
    found = []
    for name in type(record).__slots__:
        value = getattr(record, name)
        if name not in _PLUMBING and value not in (None, (), ""):
            found.append((name, _text(name, value)))
    return found


def _text(name: str, value: Any) -> str:
    if name == "events":
        return "; ".join(f"{event.label} [{event.onset_s:.1f}s-{event.offset_s:.1f}s]" for event in value)
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}" if abs(value) < 1 else f"{value:,.1f}"
    return str(value)
