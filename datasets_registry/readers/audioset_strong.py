"""AudioSet-Strong: 103,463 clips of AudioSet with the times of every sound.

Files: `audioset_train_strong.tsv`, `audioset_eval_strong.tsv`, `mid_to_display_name.tsv`; audio anywhere below the
root by the video's id, as in AudioSet. The events of a clip stand one below the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from aig.core.records import Clip, Event, Quarantined
from aig.core.source_keys import youtube_key
from aig.datasets_registry.dataset import Dataset, Segment, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import AudioFiles, locate, wrong_folder
from aig.datasets_registry.readers import youtube
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, quarantined

__all__ = ["DATASET"]

NAME = "audioset_strong"
CLIP_S = 10.0
_LISTS = "http://storage.googleapis.com/us_audioset/youtube_corpus/strong"
_COLUMNS = ("segment_id", "start_time_seconds", "end_time_seconds", "label")


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Clips with their events ordered by onset; `labels` are the events' in order of first onset."""
    names = _names(source.root)
    audio = youtube.clips_by_video(source.root)
    for split, file in _lists(source):
        current, events = "", list[Event]()
        for line, row in csv_rows(file, delimiter="\t", quoted=False):
            try:
                if isinstance(row, MalformedRowError):
                    raise row
                if row[0] == _COLUMNS[0]:
                    continue
                segment, event = _event(row, names)
            except MalformedRowError as error:
                yield quarantined(NAME, file, line, error)
                continue
            if segment != current:
                if events:
                    yield _clip(current, split, events, audio)
                current, events = segment, []
            events.append(event)
        if events:
            yield _clip(current, split, events, audio)


def _event(row: list[str], names: dict[str, str]) -> tuple[str, Event]:
    if len(row) != len(_COLUMNS):
        raise MalformedRowError(f"{len(row)} cells instead of {len(_COLUMNS)}", column=str(len(row)))
    segment, start, end, mid = row
    _start_s(segment)
    onset, offset = youtube.seconds(start, _COLUMNS[1]), youtube.seconds(end, _COLUMNS[2])
    if offset < onset:
        raise MalformedRowError(f"the event ends at {end} s, before it starts at {start} s", column=_COLUMNS[2])
    if mid not in names:
        raise MalformedRowError(f"no class {mid!r} in mid_to_display_name.tsv", column=_COLUMNS[3])
    return segment, Event(names[mid], onset, offset)


def _start_s(segment: str) -> float:
    """Start of a clip in its video: behind the last `_`, in milliseconds."""
    video, _, start = segment.rpartition("_")
    if len(video) != 11 or not (start.isascii() and start.isdigit()):
        raise MalformedRowError(f"{segment!r} is no <video>_<milliseconds>", column=_COLUMNS[0])
    return int(start) / 1000


def _clip(segment: str, split: str, events: list[Event], audio: AudioFiles) -> Clip:
    ordered = tuple(sorted(events, key=lambda event: (event.onset_s, event.offset_s, event.label)))
    video, start = segment.rpartition("_")[0], _start_s(segment)
    return Clip(
        audio_id=f"{NAME}/{segment}",
        dataset=NAME,
        split=split,
        path=audio.find(video),
        labels=tuple(dict.fromkeys(event.label for event in ordered)),
        events=ordered,
        source_key=youtube_key(video, start, start + CLIP_S),
    )


def segments(source: Source) -> Iterator[Segment]:
    """What is to be cut out of videos."""
    for item in read(source):
        if isinstance(item, Clip):
            segment = item.audio_id.partition("/")[2]
            video, start = segment.rpartition("_")[0], _start_s(segment)
            yield Segment(item.audio_id, video, start, start + CLIP_S, f"audio/{item.split}/{video}", item.labels or ())


def _names(root: Path) -> dict[str, str]:
    file = locate(root, "mid_to_display_name.tsv")
    if file is None:
        raise wrong_folder(NAME, root, "mid_to_display_name.tsv")
    rows = csv_rows(file, delimiter="\t", quoted=False)
    return {row[0]: row[1] for _, row in rows if not isinstance(row, MalformedRowError) and len(row) == 2}


def _lists(source: Source) -> list[tuple[str, Path]]:
    names = {split: f"audioset_{split}_strong.tsv" for split in source.splits}
    found = [(split, file) for split, name in names.items() if (file := locate(source.root, name)) is not None]
    if not found:
        raise wrong_folder(NAME, source.root, " or ".join(names.values()))
    return found


DATASET = Dataset(
    name=NAME,
    title="AudioSet-Strong",
    summary="Clips of AudioSet with the times of every sound.",
    home="https://research.google.com/audioset/download_strong.html",
    paper="Hershey et al., The benefit of temporally-strong labels in audio event classification, ICASSP 2021",
    licence="labels CC BY 4.0; the audio belongs to the videos' makers",
    redistributable=False,
    access="youtube",
    clips=103_463,
    fields=("labels", "events"),
    splits=("train", "eval"),
    closed_tasks=(
        "cla_label",
        "cla_label_des",
        "temporal",
        "temporal_single",
        "temporal_single_not_exist",
        "temporal_order",
        "temporal_order_not_exist",
    ),
    open_prompt="audio",
    reader=read,
    segments=segments,
    downloads=tuple(
        Download(url=f"{_LISTS}/{name}", to=name)
        for name in ("audioset_train_strong.tsv", "audioset_eval_strong.tsv", "mid_to_display_name.tsv")
    ),
)
