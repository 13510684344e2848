"""CMU-MOSEI's lists of segments: the owners' computational sequence, s3prl's table, MMSA's, one's own; and its folds.

A row says which stretch of which video a segment is, and what people heard in it. Numbers of segments differ from list
to list: in the owners' sequence a segment's number is its place there, which is neither the transcript's number nor the
order in time. So nothing is ever looked up by them but files that the same list names.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aig.core.errors import UsageError
from aig.core.extras import missing_extra
from aig.core.records import Quarantined
from aig.datasets_registry.files import locate
from aig.datasets_registry.text.file_kind import describe
from aig.datasets_registry.text.parse_rows import parse_items
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, text_lines

__all__ = ["COLUMNS", "EMOTIONS", "Segment", "folds", "segments_of_csd", "segments_of_csv", "seven_classes"]

NAME = "mosei"

COLUMNS = {
    "video": ("video", "video_id", "file"),
    "segment": ("segment", "clip_id", "clip", "index"),
    "start": ("start", "start_s", "interval_start"),
    "end": ("end", "end_s", "interval_end"),
    "sentiment": ("sentiment", "label"),
    "class": ("label7", "sentiment7"),
    "split": ("split", "fold", "mode"),
    "gender": ("gender",),
    "text": ("text",),
}
"""What a row of a table holds, and what the column may be called."""

EMOTIONS = {
    "happy": ("happy", "happiness"),
    "sad": ("sad", "sadness"),
    "angry": ("angry", "anger"),
    "surprised": ("surprised", "surprise"),
    "disgusted": ("disgusted", "disgust"),
    "fearful": ("fearful", "fear"),
}
"""The six emotions, and what their columns may be called. `label6` of derived lists is not read: it says happy where
there is no emotion. The strongest of a segment counts, of equally strong ones the first here."""

_SEQUENCE = ("sentiment", "happy", "sad", "angry", "surprised", "disgusted", "fearful")
"""What the seven numbers of a segment are in the owners' sequence."""

_SPLITS = {
    **dict.fromkeys(("train", "training", "0"), "train"),
    **dict.fromkeys(("dev", "valid", "val", "validation", "development", "1"), "dev"),
    **dict.fromkeys(("test", "testing", "2"), "test"),
    **dict.fromkeys(("none", "3", ""), "none"),
}
_ALIGNED = re.compile(r"(.+)\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Segment:
    """A row of a list.

    Attributes:
        video: id of the video.
        number: of the segment in this list.
        start_s: where it starts in the video, not negative; `None` where each segment is a file of its own.
        end_s: where it ends.
        sentiment: one of the seven classes, -3 to 3.
        emotion: the strongest; `None` where there is none.
        split: `None` where the list does not say.
        gender: of the speaker.
        text: what is said, where the list has it.
    """

    video: str
    number: str
    start_s: float | None
    end_s: float | None
    sentiment: int
    emotion: str | None
    split: str | None
    gender: str | None = None
    text: str | None = None


def seven_classes(sentiment: float) -> int:
    """Sentiment in [-3, 3] as one of seven classes, which is not rounding to the nearest.

    Below -2: -3; [-2, -1): -2; [-1, 0): -1; 0: 0; (0, 1]: 1; (1, 2]: 2; above 2: 3.
    """
    return math.floor(sentiment) if sentiment < 0 else math.ceil(sentiment)


def segments_of_csv(file: Path) -> Iterator[Segment | Quarantined]:
    """The segments of a table with a header row.

    Raises:
        UsageError: a column is missing, or most rows cannot be read.
    """
    columns: dict[str, int] = {}
    width = 0

    def parse(row: list[str]) -> Segment | None:
        nonlocal width
        if not columns:
            columns.update(_columns(file, row))
            width = len(row)
            return None
        if len(row) != width:
            raise MalformedRowError(f"{len(row)} cells instead of {width}", column=str(len(row)))
        return _segment({name: row[place].strip() for name, place in columns.items()})

    return parse_items(file, NAME, csv_rows(file, multiline=True, encoding="cp1252"), parse)


def _columns(file: Path, header: list[str]) -> dict[str, int]:
    """Place of each thing a row holds."""
    names = [name.strip().lower() for name in header]
    found = {
        what: names.index(known)
        for what, possible in (COLUMNS | EMOTIONS).items()
        for known in reversed(possible)
        if known in names
    }
    # A list without times is one of segments that are files of their own.
    needed = ("video", "segment", "start", "end") if "start" in found or "end" in found else ("video", "segment")
    missing = [" or ".join(COLUMNS[what]) for what in needed if what not in found]
    if "sentiment" not in found and "class" not in found:
        missing.append("sentiment or label7")
    if missing:
        raise UsageError(
            f"{file}, line 1: no column {'; no column '.join(missing)}; the file is {describe(file)}",
            "Write the list with a header row; the page on datasets says which columns are known.",
        )
    return found


def _segment(row: Mapping[str, str]) -> Segment:
    video, number = row["video"], row["segment"].removesuffix(".0")
    if not video or not number.isdigit() or "/" in video:
        raise MalformedRowError(f"{video!r}, {number!r} is not a valid video id and segment number", column="video")
    start, end = _times(row["start"], row["end"]) if "start" in row else (None, None)
    fold = row.get("split")
    if fold is not None and fold.lower() not in _SPLITS:
        raise MalformedRowError(f"{fold!r} is not one of {', '.join(name for name in _SPLITS if name)}", column="split")
    strengths = {name: _number(row[name], name, 0, 3) for name in EMOTIONS if name in row}
    if "sentiment" in row:
        sentiment = seven_classes(_number(row["sentiment"], "sentiment", -3, 3))
    else:
        value = _number(row["class"], "class", -3, 3)
        if value != int(value):
            raise MalformedRowError(f"{value} is not one of the seven classes", column="class")
        sentiment = int(value)
    gender = row.get("gender", "").lower()
    return Segment(
        video=video,
        number=number,
        start_s=start,
        end_s=end,
        sentiment=sentiment,
        emotion=_strongest(strengths),
        split=None if fold is None else _SPLITS[fold.lower()],
        gender={"m": "male", "f": "female"}.get(gender, gender) or None,
        text=row.get("text") or None,
    )


def _times(start: Any, end: Any) -> tuple[float, float]:
    """Start and end in seconds. The owners' alignment puts some starts up to half a second before the video's."""
    since, until = max(0.0, _number(start, "start", -1.0, 1e6)), _number(end, "end", 0.0, 1e6)
    if until <= since:
        raise MalformedRowError(f"the segment lasts from {since} to {until} s", column="end")
    return since, until


def _strongest(strengths: Mapping[str, float]) -> str | None:
    strongest = max(strengths, key=strengths.__getitem__, default=None)
    return strongest if strongest is not None and strengths[strongest] > 0 else None


def _number(given: Any, column: str, low: float, high: float) -> float:
    try:
        value = float(given)
    except ValueError:
        raise MalformedRowError(f"{given!r} is not a number", column=column) from None
    if not low <= value <= high:
        raise MalformedRowError(f"{given} is not from {low:g} to {high:g}", column=column)
    return value


def segments_of_csd(file: Path) -> Iterator[Segment | Quarantined]:
    """The segments of the owners' computational sequence of labels, `CMU_MOSEI_Labels.csd`, an HDF5 file.

    Raises:
        UsageError: h5py is missing, or the file is another.
    """
    try:
        import h5py
    except ImportError:
        raise missing_extra(f"{file} is an HDF5 file, and h5py is not installed", "mosei") from None
    try:
        with h5py.File(file, "r") as content:
            root = content[next(iter(content))]
            yield from parse_items(file, NAME, _rows_of_csd(root["data"]), _segment_of_csd)
    except (OSError, KeyError, StopIteration) as error:
        raise UsageError(
            f"{file} is not a computational sequence: {error!r}; the file is {describe(file)}",
            "Take CMU_MOSEI_Labels.csd as the owners' SDK wrote it.",
        ) from None


_CsdRow = tuple[str, str, Any, Any]


def _rows_of_csd(data: Any) -> Iterator[tuple[int, _CsdRow | MalformedRowError]]:
    """Numbered rows: video, number of the segment, its times and its seven numbers."""
    line = 0
    for key in data:
        aligned = _ALIGNED.fullmatch(key)  # after the SDK's `align` each row stands below a key of its own
        intervals, features = data[key]["intervals"][:], data[key]["features"][:]
        if len(intervals) != len(features) or features.size != 7 * len(features):
            line += 1
            sizes = f"{len(intervals)} intervals and {len(features)} rows of {features.shape[1:]} numbers"
            yield line, MalformedRowError(f"{key} has {sizes}, not as many of 7", column=key)
            continue
        for number, (times, values) in enumerate(zip(intervals, features.reshape(-1, 7), strict=True)):
            line += 1
            video, of_video = (aligned.group(1), aligned.group(2)) if aligned else (key, str(number))
            yield line, (video, of_video, times, values)


def _segment_of_csd(row: _CsdRow) -> Segment:
    video, number, times, values = row
    start, end = _times(float(times[0]), float(times[1]))
    numbers = dict(zip(_SEQUENCE, (float(value) for value in values), strict=True))
    sentiment = seven_classes(_number(numbers.pop("sentiment"), "sentiment", -3, 3))
    strengths = {name: _number(value, name, 0, 3) for name, value in numbers.items()}
    return Segment(video, number, start, end, sentiment, _strongest(strengths), None)


def folds(root: Path, *lists: Path) -> dict[str, str]:
    """Fold of each video: from files that list them, from the owners' `cmu_mosei_std_folds.py`, or from a list.

    Raises:
        UsageError: a video is in two folds.
    """
    found: dict[str, str] = {}

    def put(video: str, split: str, file: Path) -> None:
        if found.setdefault(video, split) != split:
            raise UsageError(
                f"{file}: the video {video} is in the folds {found[video]} and {split}",
                "Take the owners' folds, which share no video; otherwise test clips would train.",
            )

    for name, split in _SPLITS.items():
        file = locate(root, f"{name}.txt", f"folds/{name}.txt") if name.isalpha() and split != "none" else None
        for _, line in text_lines(file) if file else ():
            if isinstance(line, str) and line.strip():
                put(line.strip(), split, file or root)
    if not found and (file := locate(root, "cmu_mosei_std_folds.py", "folds/cmu_mosei_std_folds.py")):
        for video, split in _standard_folds(file):
            put(video, split, file)
    for file in () if found else lists:
        for segment in segments_of_csv(file):
            if isinstance(segment, Segment) and segment.split not in (None, "none"):
                put(segment.video, segment.split or "", file)
    return found


def _standard_folds(file: Path) -> Iterator[tuple[str, str]]:
    """Videos and folds of the owners' Python file, `standard_train_fold = [...]` and so on; nothing of it is run."""
    try:
        for node in ast.parse(file.read_text(encoding="utf-8-sig")).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                split = next((_SPLITS[part] for part in node.targets[0].id.split("_") if part in _SPLITS), None)
                yield from ((str(video), split) for video in ast.literal_eval(node.value) if split)
    except (SyntaxError, ValueError, TypeError) as error:
        raise UsageError(f"{file} is not the owners' list of folds: {error}", "Download it again.") from None
