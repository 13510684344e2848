"""Tables that others made, by the columns they are recognised by: mirrors of known datasets, and common manifests.

What a layout does not map is left out. Columns of mirrors are known from their public cards; none has been fetched.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

__all__ = ["AUDIO_STEM", "LAYOUTS", "Layout", "find"]

AUDIO_STEM = "audio_stem"
"""A column that is put into tables with audio: the name of a row's audio without its suffix, as the table has it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How one table's columns become a clip's fields.

    Attributes:
        name: the mirror's repository on the Hugging Face hub, or what writes such manifests.
        needs: columns it is recognised by.
        columns: their columns by name, and the fields of a clip that they become.
        dataset: the dataset of the registry that it is a mirror of; empty for manifests.
        clip_id: the clip's id from their columns, as the dataset's own reader makes it; empty: the field `audio_id`.
        source_key: where the clip was taken from, from their columns; empty where they do not say.
        note: what is lost against the owners' files, said when it is read; empty: nothing.
        splits: what a file's path holds, and the owners' split that its rows are of; the first that fits.
    """

    name: str
    needs: frozenset[str]
    columns: Mapping[str, str]
    dataset: str = ""
    clip_id: str = ""
    source_key: str = ""
    note: str = ""
    splits: tuple[tuple[str, str], ...] = ()

    def split(self, path: str) -> str | None:
        """The owners' split of a file by its path relative to the mirror's folder; `None`: it does not say."""
        return next((split for part, split in self.splits if part in path), None)


_LIBRITTS = {"text_normalized": "text", "speaker_id": "speaker_id", "id": "audio_id"}
_TRAIN_DEV_TEST = (("train", "train"), ("dev", "dev"), ("test", "test"))

LAYOUTS: tuple[Layout, ...] = (
    Layout(
        name="agkphysics/AudioSet",
        dataset="audioset",
        needs=frozenset({"video_id", "human_labels"}),
        columns={"video_id": "audio_id", "human_labels": "labels"},
        source_key="youtube:{video_id}",
        splits=(("unbal_train", "unbalanced_train"), ("bal_train", "balanced_train"), ("eval", "eval")),
    ),
    Layout(
        name="OpenSound/AudioCaps",  # and jp1924/AudioCaps, CLAPv2/audiocaps
        dataset="audiocaps",
        needs=frozenset({"youtube_id", "start_time", "caption"}),
        columns={"caption": "captions"},
        clip_id="{youtube_id}_{start_time}",
        source_key="youtube:{youtube_id}",
        splits=(("train", "train"), ("val", "val"), ("test", "test")),
    ),
    Layout(
        name="mythicinfinity/libritts_r",
        dataset="libritts_r",
        needs=frozenset({"text_normalized", "speaker_id", "id"}),
        columns=_LIBRITTS,
        splits=_TRAIN_DEV_TEST,
    ),
    Layout(
        name="mythicinfinity/libritts",
        dataset="libritts",
        needs=frozenset({"text_normalized", "speaker_id", "id"}),
        columns=_LIBRITTS,
        splits=_TRAIN_DEV_TEST,
    ),
    Layout(
        name="benjamin-paine/free-music-archive-large",  # and -full
        dataset="fma",
        needs=frozenset({"title", "genres", "artist"}),
        columns={"title": "title", "genres": "genres", "license": "licence"},
        clip_id="{audio_stem}",
        source_key="fma:{audio_stem}",
        note="The mirror does not say the owners' splits, so their test tracks are read as training, too.",
        splits=(("test", "test"), ("validation", "validation"), ("", "training")),
    ),
    Layout(
        name="FSD50K in Parquet",
        note="The mirror does not say which development clips are for validation, so all of them train.",
        dataset="fsd50k",
        needs=frozenset({"fname", "labels"}),
        columns={"fname": "audio_id", "labels": "labels", "title": "title", "license": "licence"},
        source_key="freesound:{fname}",
        splits=(("eval", "eval"), ("test", "eval"), ("val", "val"), ("train", "train"), ("dev", "train")),
    ),
    Layout(
        name="NeMo",
        needs=frozenset({"audio_filepath"}),
        columns={
            "audio_filepath": "path",
            "offset": "start_s",
            "duration": "duration_s",
            "text": "text",
            "speaker": "speaker_id",
            "gender": "gender",
            "emotion": "emotion",
        },
    ),
    Layout(
        name="WeNet",
        needs=frozenset({"key", "wav", "txt"}),
        columns={"key": "audio_id", "wav": "path", "txt": "text"},
    ),
    Layout(
        name="Common Voice",
        needs=frozenset({"client_id", "sentence"}),
        columns={"path": "path", "sentence": "text", "client_id": "speaker_id", "gender": "gender"},
    ),
    Layout(
        name="audio and text",
        needs=frozenset({"audio", "text"}),
        columns={"id": "audio_id", "audio": "path", "text": "text", "speaker": "speaker_id", "gender": "gender"},
    ),
    Layout(
        name="audio and caption",
        needs=frozenset({"audio", "caption"}),
        columns={"id": "audio_id", "audio": "path", "caption": "captions"},
    ),
    Layout(
        name="chat messages with audios",
        needs=frozenset({"messages", "audios"}),
        columns={"id": "audio_id", "audios": "path"},
    ),
)
"""In the order in which they are tried."""


def find(columns: Collection[str], dataset: str = "") -> Layout | None:
    """The layout that a table's columns fit: of a dataset of the registry, or where none is named of any."""
    names = set(columns)
    fitting = (layout for layout in LAYOUTS if layout.needs <= names)
    return next((layout for layout in fitting if not dataset or layout.dataset == dataset), None)
