"""VoxCeleb2: a million utterances of 6,112 celebrities from YouTube interviews, with gender and, from others, age.

Files: `<dev|test>/aac/<speaker>/<video>/<number>.m4a`, where `aac` may be another folder or none, and the split's
folder may be missing or have others above it: then the list says which split a speaker belongs to. `vox2_meta.csv` in
either form: tabs and five columns, or commas and four. Ages from the VoxCeleb enrichment files, one a video:
`final_dataframe_extended.csv` has them all, `age-train.txt` and `age-test.txt` the surest.
"""

from __future__ import annotations

import os
import re
from collections.abc import Container, Iterator
from pathlib import Path

from aig.core.audio_names import AUDIO_SUFFIXES
from aig.core.records import Clip, Quarantined
from aig.core.source_keys import youtube_key
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import folders, locate, wrong_folder
from aig.datasets_registry.readers.youtube import is_video
from aig.datasets_registry.text.file_kind import delimiter_of
from aig.datasets_registry.text.parse_rows import collect, parse_rows
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["DATASET"]

NAME = "voxceleb2"
_GENDERS = {"m": "male", "f": "female", "male": "male", "female": "female"}
_SPEAKER = re.compile(r"id\d{5}")
_SPLIT = re.compile(r"(?:vox2_)?(dev|test)(?:_.*)?")
_BETTER = ("aac", "m4a", "wav", "flac", "")
_DEEPEST = 4

Speakers = dict[str, tuple[str, str]]
Ages = dict[tuple[str, str], int]


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Utterances that are on this disk, speaker by speaker; there is no list of those that are not."""
    places = _places(source.root)
    meta = locate(source.root, "vox2_meta.csv")
    if meta is None or not places:
        expected = "vox2_meta.csv" if places else f"{source.splits[0]}/aac/id00012/"
        raise wrong_folder(NAME, source.root, expected)
    known: Speakers = {}
    yield from collect(speakers(meta), known)
    ages: Ages = {}
    yield from _ages(source, ages)
    seen, listed, unlisted = dict[str, tuple[Path, ...]](), 0, 0
    for folder, split in places:
        for speaker_id in folders(folder):
            if not _SPEAKER.fullmatch(speaker_id):
                continue
            gender, own_split = known.get(speaker_id, (None, None))
            listed, unlisted = listed + (gender is not None), unlisted + (gender is None)
            if (split or own_split) is None:
                yield _of_no_split(meta, folder / speaker_id)
            elif (split or own_split) in source.splits:
                for video in folders(folder / speaker_id):
                    place, age = f"{speaker_id}/{video}", ages.get((speaker_id, video))
                    before = seen.get(place, ())
                    seen[place] = (*before, folder)
                    had = {stem for other in before for stem in _utterances(other / place)}
                    yield from _video(source.root, folder / place, split or own_split or "", gender, age, had)
    if unlisted:
        source.note(
            f"{NAME}: {unlisted:,} of {listed + unlisted:,} speakers below {source.root} are not in {meta.name}, so "
            "their clips have no gender."
        )


def _places(root: Path) -> list[tuple[Path, str | None]]:
    """Folders of speakers' folders with their split, `None` where no folder tells it; audio comes before video."""
    found: list[tuple[Path, str | None]] = []

    def walk(folder: Path, split: str | None, depth: int) -> None:
        inner = folders(folder)
        if any(_SPEAKER.fullmatch(name) for name in inner):
            found.append((folder, split))
        elif depth < _DEEPEST:
            for name in inner:
                named = _SPLIT.fullmatch(name)
                walk(folder / name, named.group(1) if named else split, depth + 1)

    walk(root, None, 0)
    return sorted(found, key=lambda place: (_rank(place[0].name), place[0]))


def _rank(name: str) -> int:
    return _BETTER.index(name) if name in _BETTER else len(_BETTER)


def _of_no_split(meta: Path, folder: Path) -> Quarantined:
    return Quarantined(
        dataset=NAME,
        audio_id="",
        stage="index",
        error="unknown_split",
        message=f"{folder}: the speaker is not in {meta.name} and no folder above is called dev or test",
        advice="Put the speaker's folder below dev/ or test/.",
    )


def _video(
    root: Path, folder: Path, split: str, gender: str | None, age: int | None, had: Container[str]
) -> Iterator[Clip]:
    """The utterances of a video's folder but those that another place had."""
    speaker_id, video = folder.parent.name, folder.name
    relative = folder.relative_to(root).as_posix()
    for stem, name in sorted(_utterances(folder).items()):
        if stem in had:
            continue
        yield Clip(
            audio_id=f"{NAME}/{speaker_id}/{video}/{stem}",
            dataset=NAME,
            split=split,
            path=f"{relative}/{name}",
            speaker_id=speaker_id,
            gender=gender,
            age=age,
            source_key=youtube_key(video) if is_video(video) else None,
        )


def _utterances(folder: Path) -> dict[str, str]:
    """Files of a video by their stem; of two formats of one utterance the earlier by name is kept, as everywhere."""
    names = sorted(os.listdir(folder), reverse=True)  # noqa: PTH208
    split_names = [(os.path.splitext(name), name) for name in names if name[0] != "."]  # noqa: PTH122
    return {stem: name for (stem, suffix), name in split_names if suffix.lower() in AUDIO_SUFFIXES}


def speakers(file: Path) -> Iterator[tuple[str, tuple[str, str]] | Quarantined]:
    """Speakers with their gender and split, from `vox2_meta.csv`, by its header, whatever the delimiter."""

    def speaker(row: list[str]) -> tuple[str, tuple[str, str]]:
        name, gender, split = (cell.strip() for cell in row)
        split = split.lower()
        if not _SPEAKER.fullmatch(name):
            raise MalformedRowError(f"{name!r} is not a speaker's id", column="VoxCeleb2 ID")
        if gender.lower() not in _GENDERS:
            raise MalformedRowError(f"{gender!r} is neither m nor f", column="Gender")
        if split not in DATASET.splits:
            raise MalformedRowError(f"{split!r} is neither dev nor test", column="Set")
        return name, (_GENDERS[gender.lower()], split)

    delimiter = delimiter_of(file)
    columns = ("VoxCeleb2 ID", "Gender", "Set")
    return parse_rows(file, NAME, speaker, columns=columns, delimiter=delimiter, quoted=delimiter != "\t")


def _ages(source: Source, into: Ages) -> Iterator[Quarantined]:
    """Fills in the ages of all files that are there, the surest last."""
    found = [(name, file) for name in _AGES if (file := locate(source.root, name, f"dataset/{name}")) is not None]
    for name, file in found:
        yield from collect(speaker_ages(file, _AGES[name]), into)
    if not found:
        source.note(
            f"{NAME}: none of {', '.join(_AGES)} below {source.root}, so no clip has an age; `aig pull` gets them."
        )
    elif found[0][0] != next(iter(_AGES)):
        source.note(
            f"{NAME}: no {next(iter(_AGES))} below {source.root}, which knows the age of five times as many videos; "
            "`aig pull` gets it."
        )


_AGES = {
    "final_dataframe_extended.csv": ("speaker_age_title_only", "speaker_age"),
    "age-train.txt": ("speaker_age",),
    "age-test.txt": ("speaker_age",),
}
"""The files with ages, and the columns where they are: of several, the first that has one. In the extended table the
year of a recording is confirmed by the video's title, or by its title and description, which is rarer."""


def speaker_ages(file: Path, columns: tuple[str, ...]) -> Iterator[tuple[tuple[str, str], int] | Quarantined]:
    """Age in years by speaker and video; a row without an age is left out."""

    def aged(row: list[str]) -> tuple[tuple[str, str], int] | None:
        speaker_id, video, *found = (cell.strip() for cell in row)
        text = next((cell for cell in found if cell and cell.lower() != "nan"), None)
        if text is None:
            return None
        try:
            age = float(text)
        except ValueError:
            age = -1.0
        if not 0 <= age <= 130:
            raise MalformedRowError(f"{text!r} is not an age in years", column=columns[0])
        return (speaker_id, video), int(age)

    return parse_rows(file, NAME, aged, columns=("VoxCeleb_ID", "video_id", *columns), multiline=True)


_ENRICHED = "https://raw.githubusercontent.com/hechmik/voxceleb_enrichment_age_gender/main/dataset"

_KEY = "VOXCELEB_KEY"
_AUDIO = "https://cn01.mmai.io/download/voxceleb?file={}&key={{key}}"
_VOLUMES = tuple(
    (f"vox2_dev_aac_part{letters}", md5)
    for letters, md5 in (
        ("aa", "da070494c573e5c0564b1d11c3b20577"),
        ("ab", "17fe6dab2b32b48abaf1676429cdd06f"),
        ("ac", "1de58e086c5edf63625af1cb6d831528"),
        ("ad", "5a043eb03e15c5a918ee6a52aad477f9"),
        ("ae", "cea401b624983e2d0b2a87fb5d59aa60"),
        ("af", "fc886d9ba90ab88e7880ee98effd6ae9"),
        ("ag", "d160ecc3f6ee3eed54d55349531cb42e"),
        ("ah", "6b84a81b9af72a9d9eecbb3b1f602e65"),
    )
)
"""The dev zip in pieces: joined they are one archive."""

DATASET = Dataset(
    name=NAME,
    title="VoxCeleb2",
    summary="Utterances of celebrities from YouTube interviews, with gender and age.",
    home="https://www.robots.ox.ac.uk/~vgg/data/voxceleb/vox2.html",
    paper="Chung et al., VoxCeleb2: Deep speaker recognition, Interspeech 2018; ages: Hechmi et al., "
    "VoxCeleb enrichment for age and gender recognition, ASRU 2021",
    licence="metadata CC BY 4.0, ages MIT; the audio belongs to the videos' makers",
    redistributable=False,
    access="form",
    clips=1_092_009,
    fields=("speaker_id", "gender", "age"),
    splits=("dev", "test"),
    train_splits=("dev",),
    closed_tasks=("pitch_cla", "speed_cla", "energy_cla", "gender_cla", "age_cla", "ASR"),
    open_prompt="speech_age",
    reader=read,
    audio_names=("<dev or test>/aac/<speaker>/<video>/<number>.*",),
    downloads=(
        Download(
            url=f"{_ENRICHED}/vox2_meta.csv",
            to="vox2_meta.csv",
            checksum="sha256:a5c7c3eb2893f26e3d0db28fc63c7dd44f0ff8253ecc92ef52e6b5052de584ca",
            size=254_277,
        ),
        Download(
            url=f"{_ENRICHED}/age-train.txt",
            to="age-train.txt",
            checksum="sha256:6a07f77524d9a6f532e4111ac83235656fd8d82725051603457372459a391c69",
            size=78_874,
        ),
        Download(
            url=f"{_ENRICHED}/age-test.txt",
            to="age-test.txt",
            checksum="sha256:e1ee2c1bdbe4dcc2df8a353e4466333f8a1bdda4e70eaba258dab0ff4c81365b",
            size=52_525,
        ),
        Download(url=f"{_ENRICHED}/final_dataframe_extended.csv", to="final_dataframe_extended.csv"),
        *(
            Download(url=_AUDIO.format(name), to=name, checksum=f"md5:{md5}", makes=("dev/aac", "dev/wav"), key=_KEY)
            for name, md5 in _VOLUMES[:-1]
        ),
        Download(
            url=_AUDIO.format(_VOLUMES[-1][0]),
            to="",
            archive=_VOLUMES[-1][0],
            checksum=f"md5:{_VOLUMES[-1][1]}",
            unpack=True,
            volumes=tuple(name for name, _ in _VOLUMES[:-1]),
            makes=("dev/aac", "dev/wav"),
            key=_KEY,
        ),
        Download(
            url=_AUDIO.format("vox2_test_aac.zip"),
            to="test",
            archive="vox2_test_aac.zip",
            checksum="md5:0d2b3ea430a821c33263b5ea37ede312",
            unpack=True,
            makes=("test/aac", "test/wav"),
            key=_KEY,
        ),
    ),
    manual=(
        "Fill in the form at https://mm.kaist.ac.kr/datasets/voxceleb/ with an institution's mail address; the answer "
        "is an access key.",
        f"Put it into the environment, `export {_KEY}=...`, and `aig pull` fetches, checks and unpacks it: eight "
        "parts of 77 GB together for dev, 2.6 GB for test; while it unpacks it needs the room twice.",
        "Or download them yourself: join the parts, `cat vox2_dev_aac_part* > vox2_dev_aac.zip` (md5 "
        "bbc063c46078a602ca71605645c2a402), and unpack so that <root>/dev/aac/<speaker>/<video>/<number>.m4a is there; "
        "vox2_test_aac.zip goes below <root>/test/.",
    ),
)
