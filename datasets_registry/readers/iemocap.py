"""IEMOCAP: twelve hours of dialogues by ten actors with the emotion of each turn.

Files: `Session{1..5}/dialog/EmoEvaluation/*.txt`, `Session*/dialog/transcriptions/*.txt`,
`Session*/sentences/wav/<dialog>/<turn>.wav`. Four emotions are kept, as is usual: angry, happy (with excited),
neutral and sad. Sessions 1 to 4 train; session 5 is the test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from aig.core.records import Clip, Quarantined
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.files import AudioFiles, folders, wrong_folder
from aig.datasets_registry.text.text_rows import MalformedRowError, quarantined, text_lines

__all__ = ["DATASET"]

NAME = "iemocap"
EMOTIONS = {"ang": "angry", "hap": "happy", "exc": "happy", "neu": "neutral", "sad": "sad"}
_OTHER = {"fru", "sur", "fea", "dis", "oth", "xxx"}
_TURN = re.compile(r"\[\d+\.\d+ - \d+\.\d+\]\t(Ses\d\d[FM]_\w+_([FM])\d{3})\t(\w{3})\t\[[-\d., ]+\]\s*")
_SPOKEN = re.compile(r"(Ses\d\d[FM]_\w+_[FM]\d{3}) \[[\d.]+-[\d.]+\]: (.*)")


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Turns of the sessions of the source's splits, with the emotion most annotators agreed on."""
    root = source.root if folders(source.root) != ["IEMOCAP_full_release"] else source.root / "IEMOCAP_full_release"
    prefix = "" if root == source.root else root.name + "/"
    sessions = [name for name in folders(root) if re.fullmatch(r"Session[1-5]", name)]
    if not any((root / session / "dialog" / "EmoEvaluation").is_dir() for session in sessions):
        raise wrong_folder(NAME, source.root, "Session1/dialog/EmoEvaluation/*.txt")
    for session in sessions:
        split = "test" if session == "Session5" else "train"
        if split in source.splits:
            audio = AudioFiles(source.root, below=(f"{prefix}{session}/sentences/wav",))
            for file in sorted((root / session / "dialog" / "EmoEvaluation").glob("Ses*.txt")):
                texts = _texts(root / session / "dialog" / "transcriptions" / file.name)
                yield from _dialogue(file, split, texts, audio)


def _dialogue(file: Path, split: str, texts: dict[str, str], audio: AudioFiles) -> Iterator[Clip | Quarantined]:
    for number, line in text_lines(file):
        # Only the summary of a turn begins so; the lines below it are what each annotator said.
        if isinstance(line, str) and (
            not line.startswith("[") or line.startswith("[START_TIME") or line.startswith("% [")
        ):
            continue
        found = _TURN.fullmatch(line) if isinstance(line, str) else None
        if found is None or found.group(3) not in EMOTIONS.keys() | _OTHER:
            error = line if isinstance(line, MalformedRowError) else _why(line, found)
            yield quarantined(NAME, file, number, error)
            continue
        turn, letter, emotion = found.groups()
        if emotion in EMOTIONS:
            yield Clip(
                audio_id=f"{NAME}/{turn}",
                dataset=NAME,
                split=split,
                path=audio.find(turn),
                text=texts.get(turn),
                speaker_id=turn[:5] + letter,
                gender="female" if letter == "F" else "male",
                emotion=EMOTIONS[emotion],
            )


def _why(line: str, found: re.Match[str] | None) -> MalformedRowError:
    if found is not None:
        return MalformedRowError(f"no emotion {found.group(3)!r}", column="3")
    return MalformedRowError(f"no `[start - end] TURN emotion [V, A, D]` with tabs between: {line.strip()[:60]!r}")


def _texts(file: Path) -> dict[str, str]:
    """What was said in each turn; empty where there is no transcription."""
    if not file.is_file():
        return {}
    found = (_SPOKEN.fullmatch(line.strip()) for _, line in text_lines(file) if isinstance(line, str))
    return {turn.group(1): turn.group(2).strip() for turn in found if turn and turn.group(2).strip()}


DATASET = Dataset(
    name=NAME,
    title="IEMOCAP",
    summary="Dialogues by ten actors with the emotion of each turn; four emotions are used.",
    home="https://sail.usc.edu/iemocap/",
    paper="Busso et al., IEMOCAP: Interactive emotional dyadic motion capture database, LRE 2008",
    licence="IEMOCAP data release form of the University of Southern California",
    redistributable=False,
    access="signed licence",
    clips=4_290,
    fields=("text", "speaker_id", "gender", "emotion"),
    splits=("train", "test"),
    closed_tasks=(
        "pitch_cla",
        "speed_cla",
        "energy_cla",
        "gender_cla",
        "gender_emotion_cla",
        "emotion_cla",
        "ASR",
    ),
    open_prompt="speech_emotion",
    pairs_per_call=20,
    reader=read,
    manual=(
        "Fill in the release form at https://sail.usc.edu/iemocap/iemocap_release.htm; the owners answer by mail.",
        "Unpack IEMOCAP_full_release.tar.gz and give the folder that holds Session1 to Session5 as `root`.",
    ),
)
