"""CMU-MOSEI: 23,259 segments of monologues from YouTube with sentiment and six emotions.

Labels, the first of these that is there: `CMU_MOSEI_Labels.csv`, one row a segment with its video, number, times and
labels, as s3prl or one's own script writes it; MMSA's `label.csv`, whose clips are files of their own, with their text;
`CMU_MOSEI_Labels.csd`, the owners' computational sequence. Known column names are in `mosei_lists`. Where both the
sequence and s3prl's list are there, the sequence has the labels and the list the folds.

Audio: whole videos, `<video>.wav`, anywhere below the root, of which segments are cut; or segments as files, s3prl's
`Segmented_Audio/<fold>/<video>_<number>.wav` and MMSA's `Raw/<video>/<number>.mp4`. Text: `<video>.txt` below
`Transcript/Segmented/Combined/`, joined by start and end.

Folds: a column (`train`, `dev`, `valid`, `val`, `validation`, `test`, or 0, 1, 2), files `train.txt`, `dev.txt` (or
another of these names) and `test.txt` that list videos, or the owners' `cmu_mosei_std_folds.py`. A segment in no fold
is in the split `none`, which does not train.
"""

from __future__ import annotations

import os
import wave
from collections.abc import Iterator
from pathlib import Path

from aig.core.audio_names import AUDIO_SUFFIXES
from aig.core.errors import UsageError
from aig.core.records import Clip, Quarantined
from aig.core.source_keys import youtube_key
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import AudioFiles, folders, locate, wrong_folder
from aig.datasets_registry.readers.mosei_lists import Segment, folds, segments_of_csd, segments_of_csv, seven_classes
from aig.datasets_registry.readers.mosei_texts import Transcripts
from aig.datasets_registry.readers.youtube import is_video

__all__ = ["DATASET", "seven_classes"]

NAME = "mosei"


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Segments of the source's splits."""
    root = source.root
    table = locate(root, "CMU_MOSEI_Labels.csv", "labels.csv", "label.csv")
    sequence = locate(root, "CMU_MOSEI_Labels.csd", "labels/CMU_MOSEI_Labels.csd")
    if table is None and sequence is None:
        raise wrong_folder(NAME, root, "CMU_MOSEI_Labels.csv or CMU_MOSEI_Labels.csd")
    fold_of = folds(root, *([table] if table and sequence else []))
    audio, transcripts = _Audio(root), Transcripts(root)
    for segment in segments_of_csd(sequence) if sequence else segments_of_csv(table or root):
        if isinstance(segment, Quarantined):
            yield segment
            continue
        if segment.split is None and not fold_of:
            raise UsageError(
                f"{sequence or table}: no column split, and no train.txt, dev.txt and test.txt below {root}",
                "Name the fold of each segment, list each fold's videos, or put the owners' cmu_mosei_std_folds.py "
                "there, so that the test part stays out of training.",
            )
        split = segment.split or fold_of.get(segment.video, "none")
        if split in source.splits:
            yield from transcripts.open(segment.video)
            yield _clip(segment, split, transcripts, audio)
    for sentence in (*_about_texts(transcripts, root), *audio.doubts()):
        source.note(f"{NAME}: {sentence}")


def _clip(segment: Segment, split: str, transcripts: Transcripts, audio: _Audio) -> Clip:
    video, start, end = segment.video, segment.start_s, segment.end_s
    timed = start is not None and end is not None
    path, cut = audio.find(segment)
    return Clip(
        audio_id=f"{NAME}/{video}_{segment.number}",
        dataset=NAME,
        split=split,
        path=path,
        start_s=start if cut else None,
        end_s=end if cut else None,
        text=segment.text or (transcripts.text(start, end) if start is not None and end is not None else None),
        gender=segment.gender,
        emotion=segment.emotion,
        sentiment=segment.sentiment,
        source_key=youtube_key(video, *((start, end) if timed else ())) if is_video(video) else None,
    )


def _about_texts(transcripts: Transcripts, root: Path) -> Iterator[str]:
    if not transcripts.there:
        yield f"no Transcript/Segmented/Combined/ below {root}, so only what the list itself says has a text."
    elif transcripts.unmatched:
        yield (
            f"{transcripts.unmatched:,} of {transcripts.asked:,} segments have no text, because their video's "
            "transcript has no line with their start and end."
        )


class _Audio:
    """The audio of segments: a whole video that is cut, or a file of the segment's own."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._files = AudioFiles(root)
        self._clips = next(
            (f"{above}{name}/" for name in ("Raw", "raw") for above in ("", *(f"{f}/" for f in folders(root)))
             if (root / f"{above}{name}").is_dir()),
            "",
        )  # fmt: skip
        self._checked = self._differing = 0

    def find(self, segment: Segment) -> tuple[str | None, bool]:
        """Path of a segment's audio relative to the root, or `None`, and whether the segment is cut out of it."""
        if segment.start_s is None or segment.end_s is None:
            return self._own(segment), False
        if whole := self._files.find(segment.video):
            return whole, True
        own = self._files.find(f"{segment.video}_{segment.number}")
        if own is not None:
            self._check(own, segment.end_s - segment.start_s)
        # Without any audio the clip keeps its times: they are what will be cut out of the video.
        return own, own is None

    def _own(self, segment: Segment) -> str | None:
        """A file of MMSA's kind: named after the number alone, in its video's folder."""
        stem = f"{self._clips}{segment.video}/{segment.number}"
        paths = (f"{stem}{suffix}" for suffix in AUDIO_SUFFIXES)
        return next((path for path in paths if os.path.isfile(f"{self._root}/{path}")), None)  # noqa: PTH113

    def _check(self, path: str, seconds: float) -> None:
        """Counts files that are not as long as their segment: their numbers are then another list's."""
        try:
            with wave.open(f"{self._root}/{path}") as file:
                length = file.getnframes() / file.getframerate()
        except (OSError, EOFError, wave.Error):
            return
        self._checked += 1
        self._differing += abs(length - seconds) > max(0.5, seconds / 10)

    def doubts(self) -> Iterator[str]:
        """What the lengths of segments' files say against their numbers."""
        if self._differing * 10 > self._checked:
            yield (
                f"{self._differing:,} of {self._checked:,} files of segments are not as long as the list says, so they "
                "may be numbered after another list; take the list that they were cut by."
            )


DATASET = Dataset(
    name=NAME,
    title="CMU-MOSEI",
    summary="Segments of monologues from YouTube with sentiment and six emotions.",
    home="http://multicomp.cs.cmu.edu/resources/cmu-mosei-dataset/",
    paper="Zadeh et al., Multimodal language analysis in the wild: CMU-MOSEI dataset, ACL 2018",
    licence="research use; the audio belongs to the videos' makers",
    redistributable=False,
    access="own",
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
    audio_names=(
        "<video>.*, whole videos",
        "<video>_<number>.*, segments as s3prl cuts them",
        "Raw/<video>/<number>.*, where the list has no times",
    ),
    downloads=(
        Download(
            url="https://raw.githubusercontent.com/s3prl/s3prl/main/s3prl/downstream/mosei/utility/CMU_MOSEI_Labels.csv",
            to="s3prl/CMU_MOSEI_Labels.csv",
            checksum="sha256:f80bef15ec18fc6f362773720e8f79e35bc4f20dc74d5aed3a44d7a097c7715c",
            size=1_051_987,
        ),
    ),
    manual=(
        "The owners' server is gone and they no longer give the raw data, so there is no form to fill in. What can be "
        "had: s3prl's list with sentiment and folds, without emotions, which `aig pull` gets; unofficial copies of "
        "the computational sequences (CMU_MOSEI_Labels.csd); MMSA's folder with clips and label.csv; and those of the "
        "videos that are still at YouTube.",
        "With the owners' raw data: <root>/WAV_16000/<video>.wav and <root>/Transcript/Segmented/Combined/<video>.txt, "
        "beside CMU_MOSEI_Labels.csd (the extra `mosei` reads it) or CMU_MOSEI_Labels.csv.",
        "With a .csd the folds come from s3prl's list beside it, or from the owners' cmu_mosei_std_folds.py.",
    ),
)
