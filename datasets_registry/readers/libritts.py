"""LibriTTS: 585 hours of audio books, sentence by sentence, with the text and the reader's gender.

LibriTTS-R has the same sentences with restored sound, whose loudness and noise differ, so it is a dataset apart.

Files: `<part>/<speaker>/<chapter>/<id>.wav` with `<id>.normalized.txt` beside it, and `SPEAKERS.txt`; the root may
also be the folder above `LibriTTS/` or `LibriTTS_R/`. A sentence whose text is there and whose audio is not, is a clip
without path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from aig.core.audio_names import AUDIO_SUFFIXES
from aig.core.errors import UsageError
from aig.core.records import Clip, Quarantined
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import folders, locate, wrong_folder
from aig.datasets_registry.text.parse_rows import collect, parse_items
from aig.datasets_registry.text.text_rows import MalformedRowError, quarantined, text_lines

__all__ = ["LIBRITTS", "LIBRITTS_R", "collect_genders"]

_TEXT = ".normalized.txt"
_OTHER = {"LibriTTS": "LibriTTS_R", "LibriTTS_R": "LibriTTS"}
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
_SIZES = {
    "train-clean-100": 7_723_686_890,
    "train-clean-360": 27_504_073_644,
    "train-other-500": 44_565_031_479,
    "dev-clean": 1_291_469_655,
    "dev-other": 924_804_676,
    "test-clean": 1_230_670_113,
    "test-other": 964_502_297,
}
_RESTORED = {
    "train-clean-100": "6df668d8f5f33e70876bfa33862ad02b",
    "train-clean-360": "382eb3e64394b3da6a559f864339b22c",
    "train-other-500": "a37a8e9f4fe79d20601639bf23d1add8",
    "dev-clean": "2c1f5312914890634cc2d15783032ff3",
    "dev-other": "62d3a80ad8a282b6f31b3904f0507e4f",
    "test-clean": "4d373d453eb96c0691e598061bbafab7",
    "test-other": "dbc0959d8bdb6d52200595cabc9995ae",
}


def read(name: str, folder: str, source: Source) -> Iterator[Clip | Quarantined]:
    """Sentences of the source's parts, or where none are named, of the parts of its splits that are there."""
    other = _OTHER[folder]
    if source.root.name == other or ((source.root / other).is_dir() and not (source.root / folder).is_dir()):
        raise UsageError(
            f"{name}: {source.root} holds {other}, the sentences with another sound",
            f"Configure it as the dataset {other.lower()}, or give the folder of {folder} as `root`.",
        )
    known = [part for part in _CHECKSUMS if part.split("-")[0] in source.splits]
    there = [
        (part, place) for part in source.parts or known if (place := _folder(source.root, folder, part)) is not None
    ]
    if not there:
        raise wrong_folder(name, source.root, " or ".join(f"{part}/" for part in source.parts or known))
    genders: dict[str, str] = {}
    yield from collect_genders(name, source, genders)
    for part, place in there:
        for speaker_id in folders(place):
            for chapter in folders(place / speaker_id):
                gender = genders.get(speaker_id)
                yield from _chapter(name, source.root, place / speaker_id / chapter, part, gender)


def collect_genders(name: str, source: Source, genders: dict[str, str]) -> Iterator[Quarantined]:
    """Puts the gender of each speaker in; yields the lines of SPEAKERS.txt that cannot be read."""
    speakers = locate(source.root, "SPEAKERS.txt", "speakers.tsv")
    if speakers is None:
        source.note(f"{name}: no SPEAKERS.txt below {source.root}, so no clip has a gender.")
    else:
        yield from collect(parse_items(speakers, name, text_lines(speakers), _speaker), genders)


def _folder(root: Path, folder: str, part: str) -> Path | None:
    return next((place for place in (root / part, root / folder / part) if place.is_dir()), None)


def _chapter(name: str, root: Path, folder: Path, part: str, gender: str | None) -> Iterator[Clip | Quarantined]:
    texts, audio = set[str](), dict[str, str]()
    for file in sorted(os.listdir(folder), reverse=True):  # noqa: PTH208 - names are all that is needed
        stem, suffix = os.path.splitext(file)  # noqa: PTH122
        if file[0] == ".":
            continue
        if file.endswith(_TEXT):
            texts.add(file.removesuffix(_TEXT))
        elif suffix.lower() in AUDIO_SUFFIXES:
            audio[stem] = file
    relative = folder.relative_to(root).as_posix()
    for clip in sorted(texts | audio.keys()):
        audio_id = f"{name}/{clip}"
        try:
            text = (folder / f"{clip}{_TEXT}").read_text(encoding="utf-8-sig").strip() if clip in texts else None
        except UnicodeDecodeError as error:
            bad = MalformedRowError("not UTF-8 text", column=str(error.start + 1))
            yield quarantined(name, folder / f"{clip}{_TEXT}", 1, bad, audio_id)
            continue
        yield Clip(
            audio_id=audio_id,
            dataset=name,
            split=part.split("-")[0],
            path=f"{relative}/{audio[clip]}" if clip in audio else None,
            text=text or None,
            speaker_id=folder.parent.name,
            gender=gender,
        )


def _speaker(line: str) -> tuple[str, str] | None:
    """A speaker and their gender, from `ID | SEX | SUBSET | MINUTES | NAME`; a name may hold a `|`."""
    if not line.strip() or line.startswith((";", "READER")):
        return None
    cells = [cell.strip() for cell in line.split("|" if "|" in line else "\t")]
    if len(cells) < 4 or not cells[0].isdigit():
        raise MalformedRowError("no `ID | SEX | SUBSET | MINUTES | NAME`")
    if cells[1] not in _GENDERS:
        raise MalformedRowError(f"{cells[1]!r} is neither F nor M", column="SEX")
    return cells[0], _GENDERS[cells[1]]


def _dataset(name: str, folder: str, downloads: tuple[Download, ...], **facts: Any) -> Dataset:
    return Dataset(
        name=name,
        licence="CC BY 4.0",
        redistributable=True,
        access="open",
        fields=("text", "speaker_id", "gender"),
        splits=("train", "dev", "test"),
        parts=tuple(_CHECKSUMS),
        pull_parts=("train-clean-100",),
        closed_tasks=("pitch_cla", "speed_cla", "energy_cla", "gender_cla", "ASR"),
        open_prompt="speech",
        pairs_per_call=20,
        reader=partial(read, name, folder),
        audio_names=("<part>/<speaker>/<chapter>/<id>.*",),
        downloads=downloads,
        **facts,
    )


_OPENSLR = "https://www.openslr.org/resources"


def _mirrors(name: str) -> tuple[str, ...]:
    """The same file at OpenSLR's mirrors."""
    return tuple(f"https://{host}/resources/{name}" for host in ("us.openslr.org", "openslr.elda.org"))


LIBRITTS = _dataset(
    "libritts",
    "LibriTTS",
    tuple(
        Download(
            url=f"{_OPENSLR}/60/{part}.tar.gz",
            mirrors=_mirrors(f"60/{part}.tar.gz"),
            to="",
            checksum=f"sha256:{checksum}",
            size=_SIZES[part],
            unpack=True,
            part=part,
            makes=(part, f"LibriTTS/{part}"),
        )
        for part, checksum in _CHECKSUMS.items()
    ),
    title="LibriTTS",
    summary="Sentences of audio books with their text and the reader's gender.",
    home="https://www.openslr.org/60/",
    paper="Zen et al., LibriTTS: A corpus derived from LibriSpeech for text-to-speech, Interspeech 2019",
    clips=354_780,
)

LIBRITTS_R = _dataset(
    "libritts_r",
    "LibriTTS_R",
    (
        *(
            Download(
                url=f"{_OPENSLR}/141/{part.replace('-', '_')}.tar.gz",
                to="",
                checksum=f"md5:{checksum}",
                unpack=True,
                part=part,
                makes=(part, f"LibriTTS_R/{part}"),
            )
            for part, checksum in _RESTORED.items()
        ),
        Download(url=f"{_OPENSLR}/141/doc.tar.gz", to="", unpack=True),
    ),
    title="LibriTTS-R",
    summary="The sentences of LibriTTS with their sound restored by a model.",
    home="https://www.openslr.org/141/",
    paper="Koizumi et al., LibriTTS-R: A restored multi-speaker text-to-speech corpus, Interspeech 2023",
    clips=354_780,
)
