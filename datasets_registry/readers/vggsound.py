"""VGGSound: 200,000 ten-second clips of YouTube videos, each with one of 309 kinds of sounds that are also seen.

Files: `vggsound.csv` without header, `<ytid>,<start seconds>,<label>,<train|test>`; or, for a split alone, the older
`train.csv` and `test.csv` with `<ytid>_<start>.mp4,<label>`. Audio anywhere below the root as `<ytid>_<start>.*` or
just `<ytid>.*`.
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

NAME = "vggsound"
CLIP_S = 10.0


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Clips of the source's splits, one label each."""
    audio = youtube.clips_by_video(source.root)
    for file, line, row in _rows(source):
        if isinstance(row, MalformedRowError):
            yield quarantined(NAME, file, line, row)
            continue
        video, start, label, split = row
        if split in source.splits:
            yield Clip(
                audio_id=f"{NAME}/{video}_{start:06d}",
                dataset=NAME,
                split=split,
                path=audio.find(video),
                labels=(label,),
                source_key=youtube_key(video, start, start + CLIP_S),
            )


def segments(source: Source) -> Iterator[Segment]:
    """What is to be cut out of videos."""
    for _, _, row in _rows(source):
        if not isinstance(row, MalformedRowError) and row[3] in source.splits:
            video, start, label, _ = row
            clip = f"{video}_{start:06d}"
            yield Segment(f"{NAME}/{clip}", video, start, start + CLIP_S, f"audio/{clip}", (label,))


def _rows(source: Source) -> Iterator[tuple[Path, int, tuple[str, int, str, str] | MalformedRowError]]:
    whole = locate(source.root, "vggsound.csv")
    if whole is not None:
        files = [(whole, "")]
    else:
        found = [(locate(source.root, f"{split}.csv"), split) for split in source.splits]
        files = [(file, split) for file, split in found if file is not None]
    if not files:
        raise wrong_folder(NAME, source.root, "vggsound.csv, or train.csv and test.csv")
    for file, split in files:
        for line, row in csv_rows(file):
            try:
                if isinstance(row, MalformedRowError):
                    raise row
                parsed = _of_part(row, split) if split else _of_whole(row)
            except MalformedRowError as error:
                yield file, line, error
            else:
                yield file, line, parsed


def _of_whole(row: list[str]) -> tuple[str, int, str, str]:
    if len(row) != 4:
        raise MalformedRowError(f"{len(row)} cells instead of 4", column=str(len(row)))
    if row[3] not in ("train", "test"):
        raise MalformedRowError(f"{row[3]!r} is neither train nor test", column="4")
    return _video(row[0], "1"), _start(row[1], "2"), _label(row[2], "3"), row[3]


def _of_part(row: list[str], split: str) -> tuple[str, int, str, str]:
    if len(row) != 2:
        raise MalformedRowError(f"{len(row)} cells instead of 2", column=str(len(row)))
    video, _, start = row[0].rpartition(".")[0].rpartition("_")
    return _video(video, "1"), _start(start, "1"), _label(row[1], "2"), split


def _video(text: str, column: str) -> str:
    if len(text) != 11 or youtube.video_key(text) != text:
        raise MalformedRowError(f"{text!r} is not a valid YouTube id", column=column)
    return text


def _start(text: str, column: str) -> int:
    if not (text.isascii() and text.isdigit()):
        raise MalformedRowError(f"{text!r} is not a start in whole seconds", column=column)
    return int(text)


def _label(text: str, column: str) -> str:
    label = text.strip()
    if not label:
        raise MalformedRowError("no label", column=column)
    return label


DATASET = Dataset(
    name=NAME,
    title="VGGSound",
    summary="Ten-second clips of YouTube videos with one of 309 kinds of sounds that are also seen.",
    home="https://www.robots.ox.ac.uk/~vgg/data/vggsound/",
    paper="Chen et al., VGGSound: A large-scale audio-visual dataset, ICASSP 2020",
    licence="labels CC BY 4.0; the audio belongs to the videos' makers",
    redistributable=False,
    access="youtube",
    clips=183_971,
    fields=("labels",),
    splits=("train", "test"),
    closed_tasks=("cla_label", "cla_label_des"),
    open_prompt="audio",
    pairs_per_call=5,
    reader=read,
    segments=segments,
    downloads=(Download(url="https://www.robots.ox.ac.uk/~vgg/data/vggsound/vggsound.csv", to="vggsound.csv"),),
)
