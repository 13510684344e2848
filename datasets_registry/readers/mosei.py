"""CMU-MOSEI: 23,453 segments of monologues from YouTube with sentiment and six emotions.

Files: a list of segments, `CMU_MOSEI_Labels.csv`, one row a segment with its video, number, times and labels; audio
`WAV_16000/<video>.wav` of whole videos; text `<video>.txt` with lines `<video>___<segment>___<start>___<end>___<text>`,
anywhere below the root. The owners ship the labels as computational sequences; the list is what their SDK, or one of
the derived releases, writes out. Known column names are in `COLUMNS`.

Folds: a column `split` or `fold` (`train`, `dev` or `valid`, `test`, or 0, 1, 2), or files `train.txt`, `dev.txt` (or
`valid.txt`) and `test.txt` that list videos. A segment in no fold is in the split `none`, which does not train.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

from aig.core.errors import UsageError
from aig.core.records import Clip, Quarantined
from aig.core.source_keys import youtube_key
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.files import AudioFiles, locate, wrong_folder
from aig.datasets_registry.readers.youtube import is_video, seconds
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, quarantined, text_lines

__all__ = ["DATASET", "seven_classes"]

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
}
"""What a row holds, and what the column may be called."""

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

_SPLITS = {"train": "train", "0": "train", "dev": "dev", "valid": "dev", "1": "dev", "test": "test", "2": "test"}


def seven_classes(sentiment: float) -> int:
    """Sentiment in [-3, 3] as one of seven classes, which is not rounding to the nearest.

    Below -2: -3; [-2, -1): -2; [-1, 0): -1; 0: 0; (0, 1]: 1; (1, 2]: 2; above 2: 3.
    """
    return math.floor(sentiment) if sentiment < 0 else math.ceil(sentiment)


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Segments of the source's splits."""
    file = locate(source.root, "CMU_MOSEI_Labels.csv", "labels.csv", "label.csv")
    if file is None:
        raise wrong_folder(NAME, source.root, "CMU_MOSEI_Labels.csv")
    audio = AudioFiles(source.root)
    folds = _folds(source.root)
    texts = _Texts(source.root)
    columns: dict[str, int] = {}
    for line, row in csv_rows(file):
        try:
            if isinstance(row, MalformedRowError):
                raise row
            if not columns:
                columns = _columns(file, row, folds)
                width = len(row)
                continue
            if len(row) != width:
                raise MalformedRowError(f"{len(row)} cells instead of {width}", column=str(len(row)))
            clip = _clip(row, columns, folds, texts, audio)
        except MalformedRowError as error:
            yield quarantined(NAME, file, line, error)
            continue
        if clip.split in source.splits:
            yield clip


def _clip(row: list[str], columns: dict[str, int], folds: dict[str, str], texts: _Texts, audio: AudioFiles) -> Clip:
    video, segment = row[columns["video"]].strip(), row[columns["segment"]].strip()
    if not video or not segment.isdigit() or "/" in video:
        raise MalformedRowError(f"{video!r}, {segment!r} is not a valid video id and segment number", column="video")
    # The owners' alignment puts some segments up to half a second before their video starts.
    start = max(0.0, _number(row[columns["start"]], "start", -1.0, math.inf))
    end = seconds(row[columns["end"]], "end")
    if end <= start:
        raise MalformedRowError(f"the segment lasts from {start} to {end} s", column="end")
    split = (
        _SPLITS.get(row[columns["split"]].strip().lower(), "none") if "split" in columns else folds.get(video, "none")
    )
    strengths = {name: _number(row[columns[name]], name, 0, 3) for name in EMOTIONS if name in columns}
    strongest = max(strengths, key=strengths.__getitem__, default=None)
    gender = row[columns["gender"]].strip().lower() if "gender" in columns else ""
    return Clip(
        audio_id=f"{NAME}/{video}_{segment}",
        dataset=NAME,
        split=split,
        path=audio.find(video),
        start_s=start,
        end_s=end,
        text=texts.of(video, segment),
        speaker_id=None,
        gender={"m": "male", "f": "female"}.get(gender, gender) or None,
        emotion=strongest if strongest is not None and strengths[strongest] > 0 else None,
        sentiment=_sentiment(row, columns),
        source_key=youtube_key(video, start, end) if is_video(video) else None,
    )


def _sentiment(row: list[str], columns: dict[str, int]) -> int:
    if "sentiment" in columns:
        return seven_classes(_number(row[columns["sentiment"]], "sentiment", -3, 3))
    value = _number(row[columns["class"]], "class", -3, 3)
    if value != int(value):
        raise MalformedRowError(f"{value} is not one of the seven classes", column="class")
    return int(value)


def _number(text: str, column: str, low: float, high: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise MalformedRowError(f"{text!r} is not a number", column=column) from None
    if not low <= value <= high:
        raise MalformedRowError(f"{text} is not from {low} to {high}", column=column)
    return value


def _columns(file: Path, header: list[str], folds: dict[str, str]) -> dict[str, int]:
    """Place of each thing a row holds."""
    names = [name.strip().lower() for name in header]
    found = {
        what: names.index(known)
        for what, possible in (COLUMNS | EMOTIONS).items()
        for known in reversed(possible)
        if known in names
    }
    missing = [" or ".join(COLUMNS[what]) for what in ("video", "segment", "start", "end") if what not in found]
    if "sentiment" not in found and "class" not in found:
        missing.append("sentiment or label7")
    if missing:
        raise UsageError(
            f"{file}, line 1: no column {'; no column '.join(missing)}; found {', '.join(header)}",
            "Write the list with a header row; `aig datasets mosei` says which columns are known.",
        )
    if "split" not in found and not folds:
        raise UsageError(
            f"{file}, line 1: no column split, and no train.txt, dev.txt and test.txt in {file.parent}",
            "Name the fold of each segment, or list each fold's videos, so that the test part stays out of training.",
        )
    return found


def _folds(root: Path) -> dict[str, str]:
    """Fold of each video, from the files that list them."""
    found: dict[str, str] = {}
    for name in ("train", "dev", "valid", "test"):
        file = locate(root, f"{name}.txt", f"folds/{name}.txt")
        if file is not None:
            found |= {line.strip(): _SPLITS[name] for _, line in text_lines(file) if isinstance(line, str)}
    return found


class _Texts:
    """What was said in each segment; the file of one video is held at a time."""

    def __init__(self, root: Path) -> None:
        places = (
            "Transcript/Segmented/Combined",
            "Raw/Transcript/Segmented/Combined",
            "Segmented/Combined",
            "Combined",
            "transcripts",
        )
        self._folder = next((root / place for place in places if (root / place).is_dir()), None)
        self._video = ""
        self._texts: dict[str, str] = {}

    def of(self, video: str, segment: str) -> str | None:
        if self._folder is None:
            return None
        if video != self._video:
            file = self._folder / f"{video}.txt"
            lines = [line for _, line in text_lines(file) if isinstance(line, str)] if file.is_file() else []
            parts = [line.strip().split("___", 4) for line in lines]
            self._video, self._texts = video, {p[1]: p[4].strip() for p in parts if len(p) == 5 and p[4].strip()}
        return self._texts.get(segment)


DATASET = Dataset(
    name=NAME,
    title="CMU-MOSEI",
    summary="Segments of monologues from YouTube with sentiment and six emotions.",
    home="http://multicomp.cs.cmu.edu/resources/cmu-mosei-dataset/",
    paper="Zadeh et al., Multimodal language analysis in the wild: CMU-MOSEI dataset, ACL 2018",
    licence="research use; the audio belongs to the videos' makers",
    redistributable=False,
    access="form",
    clips=18_198,
    fields=("text", "gender", "emotion", "sentiment"),
    splits=("train", "dev", "test", "none"),
    train_splits=("train", "dev"),
    closed_tasks=(
        "pitch_cla",
        "speed_cla",
        "energy_cla",
        "gender_cla",
        "emotion_cla",
        "emotion_bin",
        "emotion_score",
        "emotion_detail",
        "ASR",
    ),
    open_prompt="speech_emotion",
    pairs_per_call=20,
    reader=read,
    manual=(
        "Get the raw data (folder Raw with Audio and Transcript) from http://immortal.multicomp.cs.cmu.edu/CMU-MOSEI/.",
        "Unpack so that <root>/WAV_16000/<video>.wav and <root>/Transcript/Segmented/Combined/<video>.txt are there.",
        "Write the labels as <root>/CMU_MOSEI_Labels.csv with the CMU Multimodal SDK: video, segment, start, end, "
        "sentiment, happy, sad, anger, surprise, disgust, fear, and split from its standard folds.",
    ),
)
