"""What an export is: one value, in one module, that writes samples as some trainer reads them.

Those of AIG are listed in `aig.shards.export.registry`; one's own is named as `module:object`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy.typing as npt

from aig.core.clip_pairs import clips_of
from aig.core.dialogue import turns_of

__all__ = ["Features", "Form", "Options", "Rejected", "Sample", "Sound", "Written"]


@dataclass(frozen=True, slots=True)
class Sound:
    """A clip's audio as an export carries it.

    Attributes:
        duration_s: its length in seconds.
        path: absolute path of the file; empty where the export carries the audio inside.
        content: the file's bytes where the export carries the audio inside, 16 kHz FLAC of one channel; else empty.
    """

    duration_s: float
    path: str = ""
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows about one clip, or about the same two, that go into one record of an export, with the audio.

    Attributes:
        audio_id: the clip's, or of both (`aig.core.clip_pairs`).
        dataset: the clip's.
        rows: the published columns of each row and those of its lineage, by name, and `about`, what its task listens
            to (`sound`, `voice` or `music`); `input` is empty where transcripts are dropped; `levels` holds the words
            that the task's answers end with, where it has such.
        sound: of the clip, or of the first of two; `None` where the export was called without audio.
        second: of the second of two clips.
    """

    audio_id: str
    dataset: str
    rows: tuple[dict[str, Any], ...]
    sound: Sound | None = None
    second: Sound | None = None

    @property
    def clips(self) -> tuple[str, ...]:
        """The ids of the clip or the two clips."""
        return clips_of(self.audio_id)

    @property
    def sounds(self) -> tuple[Sound, ...]:
        """The audio of all its clips, in the order in which they are heard."""
        return tuple(sound for sound in (self.sound, self.second) if sound is not None)

    @property
    def audio(self) -> Sound:
        """The audio, in a form that always carries it."""
        assert self.sound is not None
        return self.sound

    @property
    def key(self) -> str:
        """An id of the record: its rows' `qa_id`, the first of several."""
        return str(self.rows[0]["qa_id"])

    def turns(self) -> Iterator[tuple[str, str]]:
        """Questions and answers, in order: those of each row, of a dialogue turn by turn."""
        for row in self.rows:
            first, *later = turns_of(row["instruction"], row["output"])
            yield self.question({**row, "instruction": first[0]}), first[1]
            yield from later

    def question(self, row: dict[str, Any]) -> str:
        """What is asked: the instruction, and the transcript on a line of its own where it is kept."""
        return f"{row['instruction']}\n{row['input']}" if row["input"] else str(row["instruction"])


@dataclass(frozen=True, slots=True)
class Features:
    """What makes a trainer's features of an audio file.

    Attributes:
        model: name of the model that they are of.
        make: from a file to its array.
    """

    model: str
    make: Callable[[Path], npt.NDArray[Any]]


@dataclass(frozen=True, slots=True)
class Rejected:
    """What is known of answers beyond the set: what people marked, judges refused and facts contradict.

    Attributes:
        answers: by clip and question, answers that are known to be wrong or worse, and why.
        good: ids of pairs that are known to be good.
        clips: that answers are about.
    """

    answers: Mapping[tuple[str, str], tuple[tuple[str, str], ...]] = field(default_factory=dict)
    good: frozenset[str] = frozenset()
    clips: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "clips", frozenset(audio_id for audio_id, _ in self.answers))


@dataclass(frozen=True, slots=True)
class Written:
    """What a form wrote, where it is not simply every sample.

    Attributes:
        records: records written.
        left_out: rows that it could not write, by reason.
    """

    records: int
    left_out: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What every export can be told.

    Attributes:
        config: which rows: `default`, `stage1`, `stage2`, `stage3`, or another config of the card.
        where: condition in SQL on the columns of a row and its lineage.
        split: rows of this split alone; `None`: what is trained on, or all where the form keeps splits apart.
        transcript: whether rows keep the transcript in `input`; `None`: as the form has it.
        turns: most rows of one clip in a record; 1 keeps the rows apart, in the set's order.
        max_seconds: longer clips are cut to their beginning, and rows that speak of what comes later are left out.
        audio: `copy` writes 16 kHz copies, `link` links to the files as they are, `path` names them where they are.
        audio_out: folder of the copies and links; `None`: beside the export.
        lineage: whether the columns of lineage are written, where the form can carry them.
        workers: clips that are decoded at a time.
        features: makes the features that LTU-AS reads; `None`: its own script does.
        rejected: answers that are known to be worse, where a workspace says so.
    """

    config: str = "default"
    where: str | None = None
    split: str | None = None
    transcript: bool | None = None
    turns: int = 1
    max_seconds: float | None = None
    audio: Literal["copy", "link", "path"] = "copy"
    audio_out: Path | None = None
    lineage: bool = False
    workers: int = 4
    features: Features | None = None
    rejected: Rejected = field(default_factory=Rejected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """An export.

    Attributes:
        name: as `--to` takes it.
        about: who reads it, in a few words.
        write: writes the samples to the file or folder of the export; where it leaves out rows, it returns which.
        out: name of that file or folder where none is given.
        audio: `none`: rows alone; `optional`: rows alone, or with paths of audio files; `beside`: with paths; `inside`:
            with the audio itself.
        suffix: format of the copies, `.flac` or `.wav`.
        by_clip: whether a sample holds all the rows of a clip, in whatever order the clips come.
        keeps_transcript: whether `input` keeps the transcript where nothing else is asked for.
        carries_lineage: whether the columns of lineage can be written.
        all_splits: whether it keeps splits apart, so that all are written unless one is asked for.
        refuses: why a sample cannot be written, asked before its audio is read; `None`: it can, or rows of it can.
        takes_features: whether it writes features of the audio.
        takes_rejected: whether it writes answers that are known to be worse.
        most_clips: how many clips a record can be about; rows about two are left out and counted where it is one.
    """

    name: str
    about: str
    write: Callable[[Iterator[Sample], Path, Options], Written | None]
    out: str
    audio: Literal["none", "optional", "beside", "inside"] = "beside"
    suffix: Literal[".flac", ".wav"] = ".flac"
    by_clip: bool = False
    keeps_transcript: bool = False
    carries_lineage: bool = False
    all_splits: bool = False
    refuses: Callable[[Sample, Options], str | None] | None = None
    takes_features: bool = False
    takes_rejected: bool = False
    most_clips: Literal[1, 2] = 1
