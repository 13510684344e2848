"""VGGSound: 200,000 ten-second clips of YouTube videos, each with one of 309 kinds of sounds that are also seen.

Files: `vggsound.csv` without header, `<ytid>,<start seconds>,<label>,<train|test>`; or, for a split alone, the older
`train.csv` and `test.csv` with `<ytid>_<start>.mp4,<label>`. Audio anywhere below the root as `<ytid>_<start>.*`, or
just `<ytid>.*` where the list has one clip of the video. Labels begin with a capital, as AudioSet's do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from aig.core.records import Clip, Quarantined
from aig.core.source_keys import youtube_key
from aig.datasets_registry.dataset import Dataset, Segment, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import locate, wrong_folder
from aig.datasets_registry.readers import youtube
from aig.datasets_registry.text.parse_rows import parse_rows
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["DATASET"]

NAME = "vggsound"
CLIP_S = 10.0

Row = tuple[str, int, str, str]


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Clips of the source's splits, one label each."""
    audio = youtube.YoutubeFiles(source.root, _several(source))
    for row in _rows(source):
        if isinstance(row, Quarantined):
            yield row
            continue
        video, start, label, split = row
        if split in source.splits:
            yield Clip(
                audio_id=f"{NAME}/{video}_{start:06d}",
                dataset=NAME,
                split=split,
                path=audio.find(video, start),
                labels=(label,),
                source_key=youtube_key(video, start, start + CLIP_S),
            )


def segments(source: Source) -> Iterator[Segment]:
    """What is to be cut out of videos."""
    for row in _rows(source):
        if not isinstance(row, Quarantined) and row[3] in source.splits:
            video, start, label, _ = row
            clip = f"{video}_{start:06d}"
            yield Segment(f"{NAME}/{clip}", video, start, start + CLIP_S, f"audio/{clip}", (label,))


def _several(source: Source) -> dict[str, set[float]]:
    """Videos of which the lists have more than one clip, whatever their split, with the starts of these."""
    rows = (row for row in _rows(source) if not isinstance(row, Quarantined))
    return youtube.videos_of_several((row[0], row[1]) for row in rows)


def _rows(source: Source) -> Iterator[Row | Quarantined]:
    whole = locate(source.root, "vggsound.csv")
    if whole is not None:
        yield from parse_rows(whole, NAME, _of_whole, columns=4)
        return
    found = [(locate(source.root, f"{split}.csv"), split) for split in source.splits]
    files = [(file, split) for file, split in found if file is not None]
    if not files:
        raise wrong_folder(NAME, source.root, "vggsound.csv, or train.csv and test.csv")
    for file, split in files:
        yield from parse_rows(file, NAME, _of_part(split), columns=2)


def _of_whole(row: list[str]) -> Row:
    video, start, label, split = row
    if (named := split.strip().lower()) not in ("train", "test"):
        raise MalformedRowError(f"{split!r} is neither train nor test", column="4")
    return youtube.video_id(video, "1"), youtube.whole_seconds(start, "2"), _label(label, "3"), named


def _of_part(split: str) -> Callable[[list[str]], Row]:
    def parse(row: list[str]) -> Row:
        video, _, start = Path(row[0]).stem.rpartition("_")
        return youtube.video_id(video, "1"), youtube.whole_seconds(start, "1"), _label(row[1], "2"), split

    return parse


def _label(text: str, column: str) -> str:
    label = text.strip()
    if not label:
        raise MalformedRowError("no label", column=column)
    return label[0].upper() + label[1:]


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
    audio_names=(
        "<video>_<start>.*, start in seconds, padded or not",
        "<video>.* where the list has one clip of the video",
    ),
    segments=segments,
    downloads=(
        Download(
            url="https://www.robots.ox.ac.uk/~vgg/data/vggsound/vggsound.csv",
            to="vggsound.csv",
            mirrors=("https://raw.githubusercontent.com/hche11/VGGSound/master/data/vggsound.csv",),
        ),
    ),
    manual=(
        "Without YouTube: the owners no longer give the videos; a repository on the hub has 197,957 clips in 20 "
        "archives of about 16.8 GB: `aig pull CONFIG vggsound --from Loie/VGGSound` fetches and unpacks them.",
    ),
)
