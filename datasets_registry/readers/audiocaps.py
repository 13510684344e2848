"""AudioCaps: captions of clips of AudioSet, one each for training, five each for validation and test.

Files: `train.csv`, `val.csv`, `test.csv`; audio anywhere below the root by the video's id, as in AudioSet. Where
AudioSet's lists and `class_labels_indices.csv` lie there too, the clips get AudioSet's labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aig.core.records import Clip, Quarantined
from aig.core.source_keys import youtube_key
from aig.datasets_registry.dataset import Dataset, Segment, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import locate, wrong_folder
from aig.datasets_registry.readers import youtube
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, quarantined

__all__ = ["DATASET"]

NAME = "audiocaps"
CLIP_S = 10.0
_LISTS = "https://raw.githubusercontent.com/cdjkim/audiocaps/master/dataset"

Key = tuple[str, int]


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Clips with all their captions, in the order of each clip's first line."""
    audio = youtube.clips_by_video(source.root)
    for split, file in _lists(source):
        captions: dict[Key, list[str]] = {}
        for line, row in _rows(file):
            if isinstance(row, MalformedRowError):
                yield quarantined(NAME, file, line, row)
            else:
                captions.setdefault(row[0], []).append(row[1])
        labels = _audioset_labels(source.root, {video for video, _ in captions})
        for (video, start), found in captions.items():
            yield Clip(
                audio_id=f"{NAME}/{video}_{start}",
                dataset=NAME,
                split=split,
                path=audio.find(video),
                labels=labels.get(video),
                captions=tuple(found),
                source_key=youtube_key(video, start, start + CLIP_S),
            )


def segments(source: Source) -> Iterator[Segment]:
    """What is to be cut out of videos."""
    for split, file in _lists(source):
        for (video, start), _ in dict.fromkeys(row for _, row in _rows(file) if not isinstance(row, MalformedRowError)):
            clip = f"{video}_{start}"
            yield Segment(f"{NAME}/{clip}", video, start, start + CLIP_S, f"audio/{split}/{clip}")


def _rows(file: Path) -> Iterator[tuple[int, tuple[Key, str] | MalformedRowError]]:
    for line, row in csv_rows(file):
        try:
            if isinstance(row, MalformedRowError):
                raise row
            if row[0] == "audiocap_id":
                continue
            if len(row) != 4:
                raise MalformedRowError(f"{len(row)} cells instead of 4", column=str(len(row)))
            _, video, start, caption = row
            if len(video) != 11 or youtube.video_key(video) != video:
                raise MalformedRowError(f"{video!r} is not a valid YouTube id", column="youtube_id")
            if not (start.isascii() and start.isdigit()):
                raise MalformedRowError(f"{start!r} is not a start in whole seconds", column="start_time")
            if not caption.strip():
                raise MalformedRowError("no caption", column="caption")
        except MalformedRowError as error:
            yield line, error
        else:
            yield line, ((video, int(start)), caption.strip())


def _audioset_labels(root: Path, wanted: set[str]) -> dict[str, tuple[str, ...]]:
    """AudioSet's labels of the wanted videos, from those of its lists that are there."""
    files = [file for name in youtube.AUDIOSET_LISTS.values() if (file := locate(root, name)) is not None]
    names = youtube.class_names(NAME, root) if files else {}
    rows = (row for file in files for _, row in youtube.segments(file, names))
    return {row[0]: row[3] for row in rows if not isinstance(row, MalformedRowError) and row[0] in wanted}


def _lists(source: Source) -> list[tuple[str, Path]]:
    found = [(split, file) for split in source.splits if (file := locate(source.root, f"{split}.csv")) is not None]
    if not found:
        raise wrong_folder(NAME, source.root, " or ".join(f"{split}.csv" for split in source.splits))
    return found


DATASET = Dataset(
    name=NAME,
    title="AudioCaps",
    summary="Captions written by people for clips of AudioSet.",
    home="https://audiocaps.github.io/",
    paper="Kim et al., AudioCaps: Generating captions for audios in the wild, NAACL 2019",
    licence="captions MIT; the audio belongs to the videos' makers",
    redistributable=False,
    access="youtube",
    clips=49_838,
    fields=("labels", "captions"),
    splits=("train", "val", "test"),
    closed_tasks=("caption", "label_caption"),
    open_prompt="audio",
    reader=read,
    segments=segments,
    downloads=tuple(Download(url=f"{_LISTS}/{name}", to=name) for name in ("train.csv", "val.csv", "test.csv")),
)
