"""What the datasets of YouTube clips share: how their local files are called, and AudioSet's lists of segments."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from aig.core.records import Quarantined
from aig.datasets_registry.files import AudioFiles, locate, wrong_folder
from aig.datasets_registry.text.parse_rows import parse_items, parse_rows
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows

__all__ = [
    "AUDIOSET_LISTS",
    "NAMES",
    "YoutubeFiles",
    "class_names",
    "clips_by_video",
    "is_video",
    "seconds",
    "segments",
    "video_id",
    "video_key",
    "videos_of_several",
    "whole_seconds",
]

_NAME = re.compile(r"Y?([A-Za-z0-9_-]{11})((?:[_.-]\d+(?:\.\d+)?)*)")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")
_TIME = re.compile(r"\d+(?:\.\d+)?")
_WHOLE = re.compile(r"[0-9]{1,9}(?:\.0+)?")

NAMES = ("<video>.*", "Y<video>.*", "either with _<start> or _<start>-<end> behind, in seconds or milliseconds")
"""Names of the audio files that are found, in words."""

AUDIOSET_LISTS = {
    "balanced_train": "balanced_train_segments.csv",
    "unbalanced_train": "unbalanced_train_segments.csv",
    "eval": "eval_segments.csv",
}
"""AudioSet's three lists, by split."""


def video_key(stem: str) -> str:
    """The video's id in a clip's file name: `<id>`, `Y<id>`, `<id>_<start>`, `Y<id>_<start>_<end>`; else the name."""
    found = _NAME.fullmatch(stem)
    return found.group(1) if found else stem


def clips_by_video(root: Path) -> AudioFiles:
    """The audio files below a root by their video's id."""
    return AudioFiles(root, video_key)


def is_video(text: str) -> bool:
    """Whether a text has the form of a YouTube id."""
    return _VIDEO.fullmatch(text) is not None


class YoutubeFiles:
    """The audio files of clips of videos: a file whose name says when it starts is taken for no other clip.

    Names are those of the usual downloaders: the video's id, with `Y` before it or not, and start, or start and end,
    behind it, in seconds or milliseconds, padded or not.
    """

    def __init__(self, root: Path, several: Mapping[str, Collection[float]] = MappingProxyType({})) -> None:
        """Looks through the folder once.

        Args:
            root: paths are given relative to it.
            several: videos of which the dataset has several clips, with the starts of these in seconds; for them a file
                must say when it starts, and one named after another clip's start is that clip's.
        """
        self._files = clips_by_video(root)
        self._several = several

    def find(self, video: str, start_s: float) -> str | None:
        """Path of the file of the clip that starts there, relative to the root, or `None`."""
        unnamed = rounded = None
        starts = self._several.get(video, ())
        for path in self._files.find_all(video):
            named = _NAME.fullmatch(posixpath.splitext(posixpath.basename(path))[0])
            first = _TIME.search(named.group(2)) if named else None
            number = float(first.group()) if first else None
            if number is None:
                unnamed = unnamed or path
            elif number == start_s:
                return path
            elif number in (int(start_s), round(start_s * 1000)) and number not in starts:
                rounded = rounded or path
        return rounded or (None if starts else unnamed)


def videos_of_several(clips: Iterable[tuple[str, float]]) -> dict[str, set[float]]:
    """Of clips by video and start in seconds: the videos that have several, each with the starts."""
    first, several = dict[str, float](), dict[str, set[float]]()
    for video, start_s in clips:
        if (before := first.setdefault(video, start_s)) != start_s:
            several.setdefault(video, {before}).add(start_s)
    return several


def video_id(text: str, column: str) -> str:
    """Checks that a text is a YouTube id.

    Raises:
        MalformedRowError: it is not.
    """
    if not is_video(text):
        raise MalformedRowError(f"{text!r} is not a valid YouTube id", column=column)
    return text


def whole_seconds(text: str, column: str) -> int:
    """Parses a start in whole seconds, which pandas writes as `30.0` where the column has gaps.

    Raises:
        MalformedRowError: it is not one.
    """
    if not _WHOLE.fullmatch(text.strip()):
        raise MalformedRowError(f"{text!r} is not a start in whole seconds", column=column)
    return int(float(text))


def seconds(text: str, column: str) -> float:
    """Parses a non-negative time in seconds.

    Raises:
        MalformedRowError: it is not one.
    """
    try:
        value = float(text)
    except ValueError:
        raise MalformedRowError(f"{text!r} is not a time in seconds", column=column) from None
    if not 0 <= value < float("inf"):
        raise MalformedRowError(f"{text!r} is not a time in seconds", column=column)
    return value


def class_names(dataset: str, root: Path) -> dict[str, str]:
    """AudioSet's display names by mid, from `class_labels_indices.csv`.

    Raises:
        UsageError: the file is missing, or is another.
    """
    file = locate(root, "class_labels_indices.csv")
    if file is None:
        raise wrong_folder(dataset, root, "class_labels_indices.csv")
    rows = parse_rows(file, dataset, lambda row: (row[0], row[1]), columns=("mid", "display_name"))
    return dict(row for row in rows if not isinstance(row, Quarantined))


Row = tuple[str, float, float, tuple[str, ...]]


def segments(file: Path, dataset: str, names: dict[str, str]) -> Iterator[Row | Quarantined]:
    """Rows of one of AudioSet's lists: video, start and end in seconds, labels by display name."""
    name_of = names.__getitem__
    is_video = _VIDEO.fullmatch

    def parse(row: list[str]) -> Row | None:
        if row[0][:1] == "#":
            return None
        try:
            video, start, end, mids = row
            if not is_video(video):
                raise MalformedRowError(f"{video!r} is not a valid YouTube id", column="YTID")
            labels = tuple(map(name_of, mids.split(",")))
            since, until = float(start), float(end)
        except KeyError as unknown:
            raise MalformedRowError(
                f"no class {unknown.args[0]!r} in class_labels_indices.csv", column="positive_labels"
            ) from None
        except ValueError as error:
            raise (error if isinstance(error, MalformedRowError) else _why(row)) from None
        if not 0 <= since < until < 1e6:
            raise MalformedRowError(f"a segment from {start} to {end} s", column="end_seconds")
        return video, since, until, labels

    return parse_items(file, dataset, csv_rows(file, skipinitialspace=True), parse)


def _why(row: list[str]) -> MalformedRowError:
    """What is wrong with a row whose cells could not be taken for four values with two numbers."""
    if len(row) != 4:
        return MalformedRowError(f"{len(row)} cells instead of 4", column=str(min(len(row) + 1, 5)))
    for text, column in ((row[1], "start_seconds"), (row[2], "end_seconds")):
        try:
            seconds(text, column)
        except MalformedRowError as error:
            return error
    return MalformedRowError("cannot be read")
