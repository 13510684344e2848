"""What a dataset is, as a value: its facts, its reader, and how it is got. Each dataset's module makes one of these."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from aig.core.errors import UsageError
from aig.core.licences import licence_name
from aig.core.names import as_text, is_text, wrong_id
from aig.core.records import Clip, Quarantined
from aig.datasets_registry.deduplicate import quarantine_duplicates
from aig.datasets_registry.downloads import Download

__all__ = ["Access", "Dataset", "Segment", "Source"]

Access = Literal["open", "form", "signed licence", "youtube", "own"]
"""How the audio is got: over HTTP by anybody, after a form, under a signed licence, from YouTube; or one has it."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a dataset lies on this disk, and how much of it is wanted.

    Attributes:
        root: the dataset's folder.
        parts: the owners' download parts wanted, such as `train-clean-100`; empty: all that are there.
        splits: the owners' splits wanted; empty: those that train.
        max_duration_s: clips that the owners' files give as longer are left out; `None`: the dataset's own bound.
        note: takes what a reader has to say of the whole dataset, a sentence each: a table that is not there, what is
            lost without it.
    """

    root: Path
    parts: tuple[str, ...] = ()
    splits: tuple[str, ...] = ()
    max_duration_s: float | None = None
    note: Callable[[str], None] = field(default=logging.getLogger("aig").warning, compare=False)


@dataclass(frozen=True, slots=True)
class Segment:
    """A clip that has to be cut out of a video.

    Attributes:
        audio_id: of the clip.
        video: id of the video at YouTube.
        start_s: where the clip starts in the video, in seconds.
        end_s: where it ends.
        file: the clip's audio file, relative to the dataset's root, without suffix.
        labels: the clip's labels, for a balanced draw; empty where it has none.
    """

    audio_id: str
    video: str
    start_s: float
    end_s: float
    file: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """A dataset: what it holds, what may be done with it, how it is read and got.

    Attributes:
        name: in configurations, `dataset` columns and commands.
        title: what its owners call it.
        summary: one sentence on what is heard and annotated.
        home: its page.
        paper: where it was published.
        licence: of the annotations and of the audio, as the owners state it.
        redistributable: whether the audio may be passed on under that licence.
        access: how the audio is got.
        clips: how many clips its owners count in what is read by default; `None` for the user's own.
        fields: metadata fields of `Clip` that it annotates.
        splits: the owners' splits.
        train_splits: those read unless others are asked for; the official test parts are not among them.
        parts: the owners' download parts, where the audio comes in several.
        pull_parts: those fetched unless others are asked for.
        closed_tasks: the papers' closed-ended tasks that apply; `None`: all that a clip's fields can answer.
        open_prompt: kind of open-ended prompt: `audio`, `speech`, `speech_emotion`, `speech_age`, `music`, `joint`,
            or `None` where the paper asks none.
        pairs_per_call: question-answer pairs asked of the model at once.
        copies: how often each closed-ended question is drawn again, to weigh a small dataset.
        by_split: fields that differ in a split, see `for_split`.
        max_duration_s: longer clips are left out unless the source says otherwise; `None`: no bound.
        reader: yields a `Clip` or a `Quarantined` for each item of the owners' files, see `read`.
        audio_names: under which names the audio files are looked for, in words.
        segments: yields what has to be cut out of videos; `None` where nothing has.
        downloads: files that anybody may fetch.
        manual: what a person has to do, step by step.
    """

    name: str
    title: str
    summary: str
    home: str
    paper: str
    licence: str
    redistributable: bool
    access: Access
    clips: int | None
    fields: tuple[str, ...]
    splits: tuple[str, ...] = ("train",)
    train_splits: tuple[str, ...] = ("train",)
    parts: tuple[str, ...] = ()
    pull_parts: tuple[str, ...] = ()
    closed_tasks: tuple[str, ...] | None
    open_prompt: str | None
    pairs_per_call: int = 10
    copies: int = 1
    by_split: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    max_duration_s: float | None = None
    reader: Callable[[Source], Iterable[Clip | Quarantined]]
    audio_names: tuple[str, ...] = ()
    segments: Callable[[Source], Iterable[Segment]] | None = None
    downloads: tuple[Download, ...] = ()
    manual: tuple[str, ...] = ()

    def read(self, source: Source) -> Iterator[Clip | Quarantined]:
        """Streams what the owners' files below `source.root` hold, in their order.

        Every item becomes exactly one `Clip` or `Quarantined`; a clip whose id came before, or is not a valid one, is
        quarantined.
        A clip whose audio is not on this disk has no `path`.

        Raises:
            UsageError: the folder is missing or is not this dataset, or a split or part is not one of its own.
        """
        return quarantine_duplicates(self.name, map(self._finished, self.reader(self.resolve(source))))

    def _finished(self, item: Clip | Quarantined) -> Clip | Quarantined:
        """The clip with its licence by the name of `aig.core.licences`; the dataset's, where that is one for all."""
        if not isinstance(item, Clip):
            return item
        wrong = wrong_id(item.audio_id)
        if wrong or not is_text(item.path):
            return Quarantined(
                dataset=self.name,
                audio_id=as_text(item.audio_id),
                stage="index",
                error="wrong_id" if wrong else "wrong_path",
                message=f"{item.audio_id!a} is not a valid id: {wrong}"
                if wrong
                else f"{item.path!a} is not UTF-8 text",
                advice="Rename the file, or give the clip an audio_id of its own.",
            )
        licence = (licence_name(item.licence) or item.licence) if item.licence else licence_name(self.licence)
        return item if licence == item.licence else replace(item, licence=licence)

    def resolve(self, source: Source) -> Source:
        """The source with its folder, parts and splits checked and the defaults filled in.

        Raises:
            UsageError: as `read`.
        """
        if not os.path.isdir(source.root):  # noqa: PTH112 - a stat without building a Path
            raise UsageError(
                f"{self.name}: {source.root} is not a folder",
                f"Give the folder of {self.title} as `root`, or fetch it: `aig pull CONFIG {self.name}`.",
            )
        if source.parts and not self.parts:
            raise UsageError(f"{self.name} does not come in parts", "Leave `parts` out; `splits` says what is read.")
        for kind, asked, known in (("split", source.splits, self.splits), ("part", source.parts, self.parts)):
            if known and (wrong := [name for name in asked if name not in known]):
                raise UsageError(
                    f"{self.name}: there is no {kind} {', '.join(wrong)}",
                    f"Its {kind}s are: {', '.join(known)}.",
                )
        bound = self.max_duration_s if source.max_duration_s is None else source.max_duration_s
        return replace(source, splits=source.splits or self.train_splits, max_duration_s=bound)

    def for_split(self, split: str) -> Dataset:
        """This dataset as it applies to a split: in AudioSet, for one, the two training parts get other questions."""
        differs = self.by_split.get(split)
        return replace(self, **differs) if differs else self
