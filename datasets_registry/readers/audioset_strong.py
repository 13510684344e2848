"""AudioSet-Strong: 103,463 clips of AudioSet with the times of every sound.

Files: `audioset_train_strong.tsv`, `audioset_eval_strong.tsv`, `mid_to_display_name.tsv`; audio anywhere below the
root by the video's id, as in AudioSet. The events of a clip stand one below the other. WavCaps has a caption, and the
audio too, for most of these clips: `json_files/AudioSet_SL/as_final.json` and `AudioSet_SL/Y<video>.flac`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from aig.core.errors import UsageError
from aig.core.records import Clip, Event, Quarantined
from aig.core.source_keys import youtube_key
from aig.datasets_registry.dataset import Dataset, Segment, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import locate, wrong_folder
from aig.datasets_registry.readers import wavcaps, youtube
from aig.datasets_registry.text.parse_rows import collect, parse_rows
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["DATASET"]

NAME = "audioset_strong"
CLIP_S = 10.0
CAPTIONS = "json_files/AudioSet_SL/as_final.json"
_LISTS = "https://storage.googleapis.com/us_audioset/youtube_corpus/strong"
_COLUMNS = ("segment_id", "start_time_seconds", "end_time_seconds", "label")

Row = tuple[str, Event]


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Clips with their events ordered by onset, ties as in the file; `labels` are the events', by first onset."""
    names = _names(source.root)
    several = _several(source)
    audio = youtube.YoutubeFiles(source.root, several)
    captions: dict[str, str] = {}
    if file := locate(source.root, CAPTIONS, "AudioSet_SL/as_final.json", "as_final.json"):
        yield from collect(wavcaps.captions(file, NAME), captions)
    else:
        source.note(f"{NAME}: no {CAPTIONS} of WavCaps below {source.root}, so its clips have no captions.")
    for split, file in _lists(source):
        for item in _grouped(parse_rows(file, NAME, _event(names), columns=_COLUMNS, delimiter="\t", quoted=False)):
            if isinstance(item, Quarantined):
                yield item
                continue
            segment, events = item
            video, start_s = segment.rpartition("_")[0], _start_s(segment)
            yield Clip(
                audio_id=f"{NAME}/{segment}",
                dataset=NAME,
                split=split,
                path=audio.find(video, start_s),
                labels=tuple(dict.fromkeys(event.label for event in events)),
                events=events,
                # WavCaps names the video alone, so its caption is nobody's where there are several clips of it.
                captions=(captions[video],) if video in captions and video not in several else None,
                source_key=youtube_key(video, start_s, start_s + CLIP_S),
            )


def _several(source: Source) -> dict[str, set[float]]:
    """Videos of which the lists have more than one clip, with the starts of these.

    Raises:
        UsageError: the rows of a clip do not stand together, so that its events would be torn apart.
    """
    clips = dict[str, float]()
    for _, file in _lists(source):
        last = ""
        for row in parse_rows(file, NAME, lambda row: row[0], columns=_COLUMNS[:1], delimiter="\t", quoted=False):
            if isinstance(row, Quarantined) or row == last:
                continue
            if row in clips:
                raise UsageError(
                    f"{NAME}: the events of {row} in {file} do not stand together",
                    "Take the owners' list as it is, or sort its rows by segment_id.",
                )
            last = row
            with suppress(MalformedRowError):
                clips[row] = _start_s(row)
    return youtube.videos_of_several((segment.rpartition("_")[0], start_s) for segment, start_s in clips.items())


def _event(names: dict[str, str]) -> Callable[[list[str]], Row]:
    def event(row: list[str]) -> Row:
        segment, start, end, mid = row
        _start_s(segment)
        onset, offset = youtube.seconds(start, _COLUMNS[1]), youtube.seconds(end, _COLUMNS[2])
        if offset < onset:
            raise MalformedRowError(f"the event ends at {end} s, before it starts at {start} s", column=_COLUMNS[2])
        if mid not in names:
            raise MalformedRowError(f"no class {mid!r} in mid_to_display_name.tsv", column=_COLUMNS[3])
        return segment, Event(names[mid], onset, offset)

    return event


def _grouped(rows: Iterable[Row | Quarantined]) -> Iterator[tuple[str, tuple[Event, ...]] | Quarantined]:
    """Clips with the events that stand one below the other."""
    current, events = "", list[Event]()
    for row in rows:
        if isinstance(row, Quarantined):
            yield row
            continue
        if row[0] != current:
            if events:
                yield current, _ordered(events)
            current, events = row[0], []
        events.append(row[1])
    if events:
        yield current, _ordered(events)


def _ordered(events: list[Event]) -> tuple[Event, ...]:
    return tuple(sorted(events, key=lambda event: event.onset_s))


def _start_s(segment: str) -> float:
    """Start of a clip in its video: behind the last `_`, in milliseconds."""
    video, _, start = segment.rpartition("_")
    if len(video) != 11 or not (start.isascii() and start.isdigit()):
        raise MalformedRowError(f"{segment!r} is not a <video>_<milliseconds>", column=_COLUMNS[0])
    return int(start) / 1000


def segments(source: Source) -> Iterator[Segment]:
    """What is to be cut out of videos."""
    several = _several(source)
    for item in read(source):
        if isinstance(item, Clip):
            segment = item.audio_id.partition("/")[2]
            video, start = segment.rpartition("_")[0], _start_s(segment)
            file = f"audio/{item.split}/{segment if video in several else video}"
            yield Segment(item.audio_id, video, start, start + CLIP_S, file, item.labels or ())


def _names(root: Path) -> dict[str, str]:
    file = locate(root, "mid_to_display_name.tsv")
    if file is None:
        raise wrong_folder(NAME, root, "mid_to_display_name.tsv")
    rows = parse_rows(file, NAME, lambda row: (row[0], row[1]), columns=2, delimiter="\t", quoted=False)
    return dict(row for row in rows if not isinstance(row, Quarantined))


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
    fields=("labels", "events", "captions"),
    splits=("train", "eval"),
    closed_tasks=(
        "cla_label",
        "cla_label_des",
        "temporal",
        "temporal_single",
        "temporal_single_not_exist",
        "temporal_order",
        "temporal_order_not_exist",
        "caption",
        "label_caption",
    ),
    open_prompt="audio",
    reader=read,
    audio_names=youtube.NAMES,
    segments=segments,
    downloads=(
        *(
            Download(url=f"{_LISTS}/{name}", to=name)
            for name in ("audioset_train_strong.tsv", "audioset_eval_strong.tsv")
        ),
        Download(
            url=f"{_LISTS}/mid_to_display_name.tsv",
            to="mid_to_display_name.tsv",
            checksum="sha256:6aeaa2144223933eab75566ca478366ad80e59f381611e308cbe536913d7ddf7",
            size=10_477,
        ),
        Download(url=f"{wavcaps.HUB}/{CAPTIONS}", to=CAPTIONS),
    ),
    manual=(
        "Without YouTube, for academic use: WavCaps has 108,317 of these clips, as Y<video>.flac, in seven volumes of "
        "at most 5.37 GB: `aig pull CONFIG audioset_strong --from cvssp/WavCaps` fetches and unpacks them.",
    ),
)
