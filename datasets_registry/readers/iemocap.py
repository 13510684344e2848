"""IEMOCAP: twelve hours of dialogues by ten actors with the emotion of each turn.

Files: `Session{1..5}/dialog/EmoEvaluation/*.txt`, `Session*/dialog/transcriptions/*.txt`,
`Session*/sentences/wav/<dialog>/<turn>.wav`. Four emotions are kept, as is usual: angry, happy (with excited),
neutral and sad. Sessions 1 to 4 train; session 5 is the test.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from aig.core.records import Clip, Quarantined
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.files import AudioFiles, folders, wrong_folder
from aig.datasets_registry.text.parse_rows import collect, parse_items
from aig.datasets_registry.text.text_rows import MalformedRowError, text_lines

__all__ = ["DATASET"]

NAME = "iemocap"
EMOTIONS = {"ang": "angry", "hap": "happy", "exc": "happy", "neu": "neutral", "sad": "sad"}
_OTHER = {"fru", "sur", "fea", "dis", "oth", "xxx"}
_TURN = re.compile(r"\[(\d+\.\d+) - \d+\.\d+\]\t(Ses\d\d[FM]_\w+_([FM])\d{3})\t(\w{3})\t\[[-\d., ]+\]\s*")
_SPOKEN = re.compile(r"(Ses\d\d[FM]_\w+) \[(\d+\.\d+)-\d+\.\d+\]:(.*)")
_SLACK_S = 0.5

Texts = dict[str, tuple[float, str]]


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Turns of the sessions of the source's splits, with the emotion most annotators agreed on."""
    prefix = _prefix(source.root)
    root = source.root / prefix
    counts: Counter[str] = Counter()
    for session in [name for name in folders(root) if re.fullmatch(r"Session[1-5]", name)]:
        split = "test" if session == "Session5" else "train"
        if split in source.splits:
            audio = AudioFiles(source.root, below=(f"{prefix}{session}/sentences/wav",))
            for file in sorted((root / session / "dialog" / "EmoEvaluation").glob("Ses*.txt")):
                texts: Texts = {}
                transcription = root / session / "dialog" / "transcriptions" / file.name
                yield from _texts(transcription, texts)
                turn = partial(_clip, split, texts, audio, counts)
                yield from parse_items(file, NAME, text_lines(file), turn, one_of_many=True)
    if counts["silent"]:
        source.note(
            f"{NAME}: {counts['silent']:,} of {counts['turns']:,} turns have no text, because "
            "dialog/transcriptions/<dialog>.txt is missing or has no line with their name and start."
        )


def _prefix(root: Path) -> str:
    """Where the sessions are: in the root, or in one of its folders, such as `IEMOCAP_full_release/` or `IEMOCAP/`."""
    for prefix in ("", *(f"{name}/" for name in folders(root))):
        if any((root / f"{prefix}Session{number}/dialog/EmoEvaluation").is_dir() for number in range(1, 6)):
            return prefix
    raise wrong_folder(NAME, root, "Session1/dialog/EmoEvaluation/*.txt")


def _clip(split: str, texts: Texts, audio: AudioFiles, counts: Counter[str], line: str) -> Clip | None:
    # Only the summary of a turn begins so; the lines below it are what each annotator said.
    if not line.startswith("[") or line.startswith("[START_TIME"):
        return None
    found = _TURN.fullmatch(line)
    if found is None:
        raise MalformedRowError(f"no `[start - end] TURN emotion [V, A, D]` with tabs between: {line.strip()[:60]!r}")
    start, turn, letter, emotion = found.groups()
    if emotion not in EMOTIONS:
        if emotion not in _OTHER:
            raise MalformedRowError(f"no emotion {emotion!r}", column="3")
        return None
    said_at, text = texts.get(turn, (0.0, None))
    if text is not None and abs(said_at - float(start)) > _SLACK_S:
        text = None  # a turn of this name, but another stretch of the dialogue
    counts.update(turns=1, silent=text is None)
    return Clip(
        audio_id=f"{NAME}/{turn}",
        dataset=NAME,
        split=split,
        path=audio.find(turn),
        text=text,
        speaker_id=turn[:5] + letter,
        gender="female" if letter == "F" else "male",
        emotion=EMOTIONS[emotion],
    )


def _texts(file: Path, into: Texts) -> Iterator[Quarantined]:
    """When each turn starts and what was said; the owners wrote some apostrophes in Windows-1252."""
    if file.is_file():
        lines = text_lines(file, encoding="cp1252")
        yield from collect(parse_items(file, NAME, lines, _spoken, one_of_many=True), into)


def _spoken(line: str) -> tuple[str, tuple[float, str]] | None:
    # Remarks stand between the turns, which alone have a name and times.
    found = _SPOKEN.fullmatch(line.strip())
    if found is None:
        if line.startswith("Ses") and "[" in line:
            raise MalformedRowError(f"no `TURN [start-end]: text`: {line.strip()[:60]!r}")
        return None
    turn, start, text = found.groups()
    return (turn, (float(start), text.strip())) if text.strip() else None


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
    audio_names=("Session<n>/sentences/wav/<dialog>/<turn>.*",),
    manual=(
        "Fill in the release form at https://sail.usc.edu/iemocap/iemocap_release.htm; the owners answer by mail.",
        "Unpack IEMOCAP_full_release.tar.gz and give the folder that holds Session1 to Session5 as `root`.",
    ),
)
