"""LibriTTS: 585 hours of audio books, sentence by sentence, with the text and the reader's gender.

Files: `<part>/<speaker>/<chapter>/<id>.wav` with `<id>.normalized.txt` beside it, and `SPEAKERS.txt`; the root may
also be the folder above `LibriTTS/`. A sentence whose text is there and whose audio is not, is a clip without path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from aig.core.records import Clip, Quarantined
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import AUDIO_SUFFIXES, folders, locate, wrong_folder
from aig.datasets_registry.text.text_rows import MalformedRowError, quarantined, text_lines

__all__ = ["DATASET"]

NAME = "libritts"
_TEXT = ".normalized.txt"
_GENDERS = {"F": "female", "M": "male"}
_CHECKSUMS = {
    "train-clean-100": "c5608bf1ef74bb621935382b8399c5cdd51cd3ee47cec51f00f885a64c6c7f6b",
    "train-clean-360": "ce7cff44dcac46009d18379f37ef36551123a1dc4e5c8e4eb73ae57260de4886",
    "train-other-500": "e35f7e34deeb2e2bdfe4403d88c8fdd5fbf64865cae41f027a185a6965f0a5df",
    "dev-clean": "da0864e1bd26debed35da8a869dd5c04dfc27682921936de7cff9c8a254dbe1a",
    "dev-other": "d413eda26f3a152ac7c9cf3658ef85504dfb1b625296e5fa83727f5186cca79c",
    "test-clean": "234ea5b25859102a87024a4b9b86641f5b5aaaf1197335c95090cde04fe9a4f5",
    "test-other": "33a5342094f3bba7ccc2e0500b9e72d558f72eb99328ac8debe1d9080402f10d",
}
_SIZES = {"train-clean-100": 7_723_686_890, "train-clean-360": 27_504_073_644, "dev-clean": 1_291_469_655}


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Sentences of the source's parts, or where none are named, of the parts of its splits that are there."""
    known = [part for part in _CHECKSUMS if part.split("-")[0] in source.splits]
    there = [(part, folder) for part in source.parts or known if (folder := _folder(source.root, part)) is not None]
    if not there:
        raise wrong_folder(NAME, source.root, " or ".join(f"{part}/" for part in source.parts or known))
    speakers_file = locate(source.root, "SPEAKERS.txt", "speakers.tsv")
    genders: dict[str, str] = {}
    if speakers_file is not None:
        for line, speaker in _speakers(speakers_file):
            if isinstance(speaker, MalformedRowError):
                yield quarantined(NAME, speakers_file, line, speaker)
            else:
                genders[speaker[0]] = speaker[1]
    for part, folder in there:
        for speaker_id in folders(folder):
            for chapter in folders(folder / speaker_id):
                yield from _chapter(source.root, folder / speaker_id / chapter, part, genders.get(speaker_id))


def _folder(root: Path, part: str) -> Path | None:
    return next((folder for folder in (root / part, root / "LibriTTS" / part) if folder.is_dir()), None)


def _chapter(root: Path, folder: Path, part: str, gender: str | None) -> Iterator[Clip | Quarantined]:
    texts, audio = set[str](), dict[str, str]()
    for name in sorted(os.listdir(folder), reverse=True):  # noqa: PTH208 - names are all that is needed
        stem, suffix = os.path.splitext(name)  # noqa: PTH122
        if name[0] == ".":
            continue
        if name.endswith(_TEXT):
            texts.add(name.removesuffix(_TEXT))
        elif suffix.lower() in AUDIO_SUFFIXES:
            audio[stem] = name
    relative = folder.relative_to(root).as_posix()
    for clip in sorted(texts | audio.keys()):
        audio_id = f"{NAME}/{clip}"
        try:
            text = (folder / f"{clip}{_TEXT}").read_text(encoding="utf-8").strip() if clip in texts else None
        except UnicodeDecodeError as error:
            bad = MalformedRowError("not UTF-8 text", column=str(error.start + 1))
            yield quarantined(NAME, folder / f"{clip}{_TEXT}", 1, bad, audio_id)
            continue
        yield Clip(
            audio_id=audio_id,
            dataset=NAME,
            split=part.split("-")[0],
            path=f"{relative}/{audio[clip]}" if clip in audio else None,
            text=text or None,
            speaker_id=folder.parent.name,
            gender=gender,
        )


def _speakers(file: Path) -> Iterator[tuple[int, tuple[str, str] | MalformedRowError]]:
    """Lines and speakers with their gender, from `ID | SEX | SUBSET | MINUTES | NAME`; a name may hold a `|`."""
    for number, line in text_lines(file):
        if isinstance(line, MalformedRowError):
            yield number, line
        elif line.strip() and not line.startswith((";", "READER")):
            cells = [cell.strip() for cell in line.split("|" if "|" in line else "\t")]
            if len(cells) < 4 or not cells[0].isdigit():
                yield number, MalformedRowError("no `ID | SEX | SUBSET | MINUTES | NAME`")
            elif cells[1] not in _GENDERS:
                yield number, MalformedRowError(f"{cells[1]!r} is neither F nor M", column="SEX")
            else:
                yield number, (cells[0], _GENDERS[cells[1]])


DATASET = Dataset(
    name=NAME,
    title="LibriTTS",
    summary="Sentences of audio books with their text and the reader's gender.",
    home="https://www.openslr.org/60/",
    paper="Zen et al., LibriTTS: A corpus derived from LibriSpeech for text-to-speech, Interspeech 2019",
    licence="CC BY 4.0",
    redistributable=True,
    access="open",
    clips=354_780,
    fields=("text", "speaker_id", "gender"),
    splits=("train", "dev", "test"),
    parts=tuple(_CHECKSUMS),
    pull_parts=("train-clean-100",),
    closed_tasks=("pitch_cla", "speed_cla", "energy_cla", "gender_cla", "ASR"),
    open_prompt="speech",
    pairs_per_call=20,
    reader=read,
    downloads=tuple(
        Download(
            url=f"https://www.openslr.org/resources/60/{part}.tar.gz",
            to="",
            checksum=f"sha256:{checksum}",
            size=_SIZES.get(part, 0),
            unpack=True,
            part=part,
            makes=(part, f"LibriTTS/{part}"),
        )
        for part, checksum in _CHECKSUMS.items()
    ),
)
