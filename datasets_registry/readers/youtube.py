"""What the datasets of YouTube clips share: how their local files are called, and AudioSet's lists of segments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from aig.datasets_registry.files import AudioFiles, locate, wrong_folder
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows

__all__ = ["AUDIOSET_LISTS", "class_names", "clips_by_video", "is_video", "seconds", "segments", "video_key"]

_NAME = re.compile(r"Y?([A-Za-z0-9_-]{11})(?:[_.]\d+(?:\.\d+)?)*")
_VIDEO = re.compile(r"[A-Za-z0-9_-]{11}")

AUDIOSET_LISTS = {
    "balanced_train": "balanced_train_segments.csv",
    "unbalanced_train": "unbalanced_train_segments.csv",
    "eval": "eval_segments.csv",
}
"""AudioSet's three lists, by split."""


def is_video(text: str) -> bool:
    """Whether a text has the form of a YouTube id."""
    return _VIDEO.fullmatch(text) is not None


def video_key(stem: str) -> str:
    """The video's id in a clip's file name: `<id>`, `Y<id>`, `<id>_<start>`, `Y<id>_<start>_<end>`; else the name."""
    found = _NAME.fullmatch(stem)
    return found.group(1) if found else stem


def clips_by_video(root: Path) -> AudioFiles:
    """The audio files below a root by their video's id, for datasets with one clip per video."""
    return AudioFiles(root, video_key)


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
        UsageError: the file is missing.
    """
    file = locate(root, "class_labels_indices.csv")
    if file is None:
        raise wrong_folder(dataset, root, "class_labels_indices.csv")
    return {row[1]: row[2] for _, row in csv_rows(file) if not isinstance(row, MalformedRowError) and len(row) == 3}


Row = tuple[str, float, float, tuple[str, ...]]


def segments(file: Path, names: dict[str, str]) -> Iterator[tuple[int, Row | MalformedRowError]]:
    """Rows of one of AudioSet's lists: line, and video, start and end in seconds, labels by display name."""
    name_of = names.__getitem__
    is_video = _VIDEO.fullmatch
    for line, row in csv_rows(file, skipinitialspace=True):
        if isinstance(row, MalformedRowError):
            yield line, row
            continue
        if row[0][:1] == "#":
            continue
        try:
            video, start, end, mids = row
            if not is_video(video):
                raise MalformedRowError(f"{video!r} is not a valid YouTube id", column="YTID")
            labels = tuple(map(name_of, mids.split(",")))
            since, until = float(start), float(end)
            if not 0 <= since < until < 1e6:
                raise MalformedRowError(f"a segment from {start} to {end} s", column="end_seconds")
        except MalformedRowError as error:
            yield line, error
        except KeyError as unknown:
            yield (
                line,
                MalformedRowError(
                    f"no class {unknown.args[0]!r} in class_labels_indices.csv", column="positive_labels"
                ),
            )
        except ValueError:
            yield line, _why(row)
        else:
            yield line, (video, since, until, labels)


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
