"""AudioCaps: captions of clips of AudioSet, one each for training, five each for validation and test.

Files: `train.csv`, `val.csv`, `test.csv` in the root, in `dataset/` or `csv_files_v1/`; version 2.0, part `v2`, in
`dataset2.0/` or `csv_files_v2/`. Audio anywhere below the root by the video's id, as in AudioSet, or as
`<split>/<audiocap_id>.*`. Where AudioSet's lists and `class_labels_indices.csv` lie there too, the clips get
AudioSet's labels.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from aig.core.records import Clip, Quarantined
from aig.core.source_keys import youtube_key
from aig.datasets_registry.dataset import Dataset, Segment, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import AudioFiles, locate, wrong_folder
from aig.datasets_registry.readers import audioset, youtube
from aig.datasets_registry.text.parse_rows import parse_rows
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["DATASET"]

NAME = "audiocaps"
CLIP_S = 10.0
_LISTS = "https://raw.githubusercontent.com/cdjkim/audiocaps/master"
_COLUMNS = ("audiocap_id", "youtube_id", "start_time", "caption")
_PLACES = {
    "v1": ("{}.csv", "dataset/{}.csv", "csv_files_v1/{}.csv"),
    "v2": ("dataset2.0/{}.csv", "csv_files_v2/{}.csv"),
}

Key = tuple[str, int]
Row = tuple[Key, str, str]


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Clips with all their captions, in the order of each clip's first line."""
    lists = _lists(source)
    rows = {
        split: list(parse_rows(file, NAME, _row, columns=_COLUMNS, multiline=True, torn=True)) for split, file in lists
    }
    good = [row for items in rows.values() for row in items if not isinstance(row, Quarantined)]
    videos = youtube.YoutubeFiles(source.root, youtube.videos_of_several(key for key, _, _ in good))
    labels = _audioset_labels(source, {key for key, _, _ in good})
    for split, items in rows.items():
        numbered = AudioFiles(source.root, where=partial(_within, split))
        captions: dict[Key, list[str]] = {}
        numbers: dict[Key, list[str]] = {}
        for row in items:
            if isinstance(row, Quarantined):
                yield row
            else:
                captions.setdefault(row[0], []).append(row[2])
                numbers.setdefault(row[0], []).append(row[1])
        for (video, start), found in captions.items():
            by_number = (path for number in numbers[video, start] if (path := numbered.find(number)))
            yield Clip(
                audio_id=f"{NAME}/{video}_{start}",
                dataset=NAME,
                split=split,
                path=videos.find(video, start) or next(by_number, None),
                labels=labels.get((video, start)),
                captions=tuple(found),
                source_key=youtube_key(video, start, start + CLIP_S),
            )


def segments(source: Source) -> Iterator[Segment]:
    """What is to be cut out of videos."""
    for split, file in _lists(source):
        rows = parse_rows(file, NAME, _row, columns=_COLUMNS, multiline=True, torn=True)
        for video, start in dict.fromkeys(row[0] for row in rows if not isinstance(row, Quarantined)):
            clip = f"{video}_{start}"
            yield Segment(f"{NAME}/{clip}", video, start, start + CLIP_S, f"audio/{split}/{clip}")


def _within(folder: str, folders: list[str]) -> bool:
    return folder in folders


def _row(row: list[str]) -> Row:
    number, video, start, caption = row
    key = youtube.video_id(video, "youtube_id"), youtube.whole_seconds(start, "start_time")
    if not caption.strip():
        raise MalformedRowError("no caption", column="caption")
    return key, number, " ".join(caption.split())


def _audioset_labels(source: Source, wanted: set[Key]) -> dict[Key, tuple[str, ...]]:
    """AudioSet's labels of the wanted clips, by video and start, from those of its lists that are there."""
    files = [file for name in youtube.AUDIOSET_LISTS.values() if (file := locate(source.root, name)) is not None]
    if not files:
        source.note(
            f"{NAME}: none of AudioSet's lists below {source.root}, so no clip has labels; `aig pull` gets them."
        )
        return {}
    names = youtube.class_names(NAME, source.root)
    rows = (row for file in files for row in youtube.segments(file, NAME, names))
    found = {(row[0], int(row[1])): row[3] for row in rows if not isinstance(row, Quarantined)}
    labels = {key: found[key] for key in wanted if key in found}
    if len(labels) < len(wanted):
        source.note(
            f"{NAME}: AudioSet's lists below {source.root} ({', '.join(file.name for file in files)}) have labels for "
            f"{len(labels):,} of {len(wanted):,} clips; most are in unbalanced_train_segments.csv."
        )
    return labels


def _lists(source: Source) -> list[tuple[str, Path]]:
    for version in source.parts or tuple(_PLACES):
        places = {split: [place.format(split) for place in _PLACES[version]] for split in source.splits}
        files = {split: locate(source.root, *names) for split, names in places.items()}
        if found := [(split, file) for split, file in files.items() if file is not None]:
            return found
    raise wrong_folder(NAME, source.root, " or ".join(f"{split}.csv" for split in source.splits))


_FILES = (
    ("v1", "dataset", "train", "c0c5223db682b3bf724ce7e7ce58d5b36929f74572e8526a7211f92d2eef7c8e", 3_576_723),
    ("v1", "dataset", "val", "dab1c96641d5f3053ddb99dca3949450da9a75737bda53e11cc0aa8b102be0c3", 171_918),
    ("v1", "dataset", "test", "b91c4b7ded2f4f6e7db5b9c4983dc1e1dca3d556f505b61e3fd65cac7e1c638a", 402_246),
    ("v2", "dataset2.0", "train", "", 0),
    ("v2", "dataset2.0", "val", "dfdd0f83c70fb818fbb86dcba42754abfb97f7774d811fff91a1c89d84d868c5", 169_508),
    ("v2", "dataset2.0", "test", "365c8a8a71c9070a8d5dba5dd44f3a781f906632a49cb82b38bebaaa8f3c5ccb", 397_498),
)

DATASET = Dataset(
    name=NAME,
    title="AudioCaps",
    summary="Captions written by people for clips of AudioSet.",
    home="https://audiocaps.github.io/",
    paper="Kim et al., AudioCaps: Generating captions for audios in the wild, NAACL 2019",
    licence="captions MIT, academic purposes only by their README; the audio belongs to the videos' makers",
    redistributable=False,
    access="youtube",
    clips=49_838,
    fields=("labels", "captions"),
    splits=("train", "val", "test"),
    closed_tasks=("caption", "label_caption"),
    open_prompt="audio",
    reader=read,
    audio_names=(*youtube.NAMES, "<split>/<audiocap_id>.*"),
    segments=segments,
    parts=tuple(_PLACES),
    pull_parts=("v1",),
    downloads=(
        *(
            Download(
                url=f"{_LISTS}/{folder}/{split}.csv",
                to=f"{split}.csv" if part == "v1" else f"{folder}/{split}.csv",
                checksum=f"sha256:{checksum}" if checksum else "",
                size=size,
                part=part,
            )
            for part, folder, split, checksum, size in _FILES
        ),
        *(download for download in audioset.DATASET.downloads if download.to.endswith(".csv")),
    ),
    manual=("Without YouTube: ask the owners for the raw audio with the form at https://forms.gle/2wF54Y1Ft2LtPdhW8.",),
)
