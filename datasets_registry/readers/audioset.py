"""AudioSet: two million ten-second clips of YouTube videos with 527 kinds of sounds.

Files, anywhere up to one folder below the root: `balanced_train_segments.csv`, `unbalanced_train_segments.csv`,
`eval_segments.csv` (those that are there are read), `class_labels_indices.csv`; audio anywhere below it as `<ytid>.*`
or `Y<ytid>.*`, with or without times behind.
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

__all__ = ["DATASET"]

_LISTS = "https://storage.googleapis.com/us_audioset/youtube_corpus/v1/csv"


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Clips of the lists of the source's splits, labels by display name."""
    names = youtube.class_names("audioset", source.root)
    find = youtube.YoutubeFiles(source.root).find
    for split, file in _lists(source):
        for row in youtube.segments(file, "audioset", names):
            if isinstance(row, Quarantined):
                yield row
            else:
                video, start, end, labels = row
                yield Clip(
                    audio_id="audioset/" + video,
                    dataset="audioset",
                    split=split,
                    path=find(video, start),
                    labels=labels,
                    source_key=youtube_key(video, start, end),
                )


def segments(source: Source) -> Iterator[Segment]:
    """What is to be cut out of videos."""
    names = youtube.class_names("audioset", source.root)
    for split, file in _lists(source):
        for row in youtube.segments(file, "audioset", names):
            if not isinstance(row, Quarantined):
                video, start, end, labels = row
                yield Segment(f"audioset/{video}", video, start, end, f"audio/{split}/{video}", labels)


def _lists(source: Source) -> list[tuple[str, Path]]:
    files = [(split, locate(source.root, youtube.AUDIOSET_LISTS[split])) for split in source.splits]
    found = [(split, file) for split, file in files if file is not None]
    if not found:
        expected = " or ".join(youtube.AUDIOSET_LISTS[split] for split in source.splits)
        raise wrong_folder("audioset", source.root, expected)
    return found


DATASET = Dataset(
    name="audioset",
    title="AudioSet",
    summary="Ten-second clips of YouTube videos with 527 kinds of sounds; 20K balanced and 500K drawn ones are used.",
    home="https://research.google.com/audioset/",
    paper="Gemmeke et al., Audio Set: An ontology and human-labeled dataset for audio events, ICASSP 2017",
    licence="labels CC BY 4.0, ontology CC BY-SA 4.0; the audio belongs to the videos' makers",
    redistributable=False,
    access="youtube",
    clips=2_063_949,
    fields=("labels",),
    splits=("balanced_train", "unbalanced_train", "eval"),
    train_splits=("balanced_train", "unbalanced_train"),
    closed_tasks=("cla_label", "cla_label_des"),
    open_prompt="audio",
    by_split={"unbalanced_train": {"closed_tasks": ("cla_label_des",), "open_prompt": None}},
    reader=read,
    audio_names=youtube.NAMES,
    segments=segments,
    downloads=(
        *(Download(url=f"{_LISTS}/{file}", to=file) for file in youtube.AUDIOSET_LISTS.values()),
        Download(
            url=f"{_LISTS}/class_labels_indices.csv",
            to="class_labels_indices.csv",
            checksum="sha256:cdd1049833c4b86127c2773ac0d14a2754b6a6d0d1798002ed5c66e699708429",
            size=14_675,
        ),
        Download(url="https://raw.githubusercontent.com/audioset/ontology/master/ontology.json", to="ontology.json"),
    ),
)
