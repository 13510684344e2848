"""VoxCeleb2: a million utterances of 6,112 celebrities from YouTube interviews, with gender and, from others, age.

Files: `<dev|test>/aac/<speaker>/<video>/<number>.m4a` (also `wav` for `aac`, or without such a folder),
`vox2_meta.csv`; ages from the VoxCeleb enrichment files `age-train.txt` and `age-test.txt`, one a video.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from aig.core.records import Clip, Quarantined
from aig.core.source_keys import youtube_key
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.files import AUDIO_SUFFIXES, folders, locate, wrong_folder
from aig.datasets_registry.readers.youtube import is_video
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, quarantined

__all__ = ["DATASET"]

NAME = "voxceleb2"
_GENDERS = {"m": "male", "f": "female"}

Ages = dict[tuple[str, str], int]


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Utterances that are on this disk, speaker by speaker; there is no list of those that are not."""
    there = [(split, folder) for split in source.splits if (folder := _folder(source.root, split)) is not None]
    if not there:
        raise wrong_folder(NAME, source.root, " or ".join(f"{split}/aac/id00012/" for split in source.splits))
    meta = locate(source.root, "vox2_meta.csv")
    if meta is None:
        raise wrong_folder(NAME, source.root, "vox2_meta.csv")
    genders: dict[str, str] = {}
    for line, speaker in speakers(meta):
        if isinstance(speaker, MalformedRowError):
            yield quarantined(NAME, meta, line, speaker)
        else:
            genders[speaker[0]] = speaker[1]
    ages: Ages = {}
    for name in ("age-train.txt", "age-test.txt"):
        if (file := locate(source.root, name)) is not None:
            for line, aged in speaker_ages(file):
                if isinstance(aged, MalformedRowError):
                    yield quarantined(NAME, file, line, aged)
                else:
                    ages[aged[0], aged[1]] = aged[2]
    for split, folder in there:
        for speaker_id in folders(folder):
            for video in folders(folder / speaker_id):
                yield from _video(source.root, folder / speaker_id / video, split, genders, ages)


def _folder(root: Path, split: str) -> Path | None:
    """Where a split's speakers are: folders `id<number>`."""
    for place in (f"{split}/aac", f"{split}/wav", split):
        if any(name.startswith("id") for name in folders(root / place)):
            return root / place
    return None


def _video(root: Path, folder: Path, split: str, genders: dict[str, str], ages: Ages) -> Iterator[Clip]:
    speaker_id, video = folder.parent.name, folder.name
    relative = folder.relative_to(root).as_posix()
    # Reversed, so that of two formats of one utterance the earlier by name is kept, as everywhere.
    names = sorted(os.listdir(folder), reverse=True)  # noqa: PTH208
    split_names = [(os.path.splitext(name), name) for name in names if name[0] != "."]  # noqa: PTH122
    utterances = {stem: name for (stem, suffix), name in split_names if suffix.lower() in AUDIO_SUFFIXES}
    for stem, name in sorted(utterances.items()):
        yield Clip(
            audio_id=f"{NAME}/{speaker_id}/{video}/{stem}",
            dataset=NAME,
            split=split,
            path=f"{relative}/{name}",
            speaker_id=speaker_id,
            gender=genders.get(speaker_id),
            age=ages.get((speaker_id, video)),
            source_key=youtube_key(video) if is_video(video) else None,
        )


def speakers(file: Path) -> Iterator[tuple[int, tuple[str, str] | MalformedRowError]]:
    """Lines and speakers with their gender, from `vox2_meta.csv` (tabs, with blanks before them)."""
    for line, row in csv_rows(file, delimiter="\t", quoted=False):
        if isinstance(row, MalformedRowError):
            yield line, row
            continue
        cells = [cell.strip() for cell in row]
        if cells[0] == "Name":
            continue
        if len(cells) < 5:
            yield line, MalformedRowError(f"{len(cells)} cells instead of 5", column=str(len(cells)))
        elif cells[3] not in _GENDERS:
            yield line, MalformedRowError(f"{cells[3]!r} is neither m nor f", column="Gender")
        else:
            yield line, (cells[1], _GENDERS[cells[3]])


def speaker_ages(file: Path) -> Iterator[tuple[int, tuple[str, str, int] | MalformedRowError]]:
    """Lines and speaker, video and age in years, from `age-train.txt`."""
    for line, row in csv_rows(file):
        if isinstance(row, MalformedRowError):
            yield line, row
        elif row[0] == "speaker_age":
            continue
        elif len(row) != 5:
            yield line, MalformedRowError(f"{len(row)} cells instead of 5", column=str(len(row)))
        else:
            try:
                age = float(row[0])
            except ValueError:
                age = -1.0
            if 0 <= age <= 130:
                yield line, (row[3], row[4], int(age))
            else:
                yield line, MalformedRowError(f"{row[0]!r} is not an age in years", column="speaker_age")


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
    manual=(
        "Fill in the form at https://mm.kaist.ac.kr/datasets/voxceleb/ for a user name and password.",
        "Fetch the parts vox2_dev_aac_part*, join them: `cat vox2_dev_aac* > vox2_aac.zip`, and unpack so that "
        "<root>/dev/aac/<speaker>/<video>/<number>.m4a is there (for the test part: <root>/test/aac/...).",
        "Put vox2_meta.csv from the same page into the root.",
        "For ages put age-train.txt and age-test.txt from https://github.com/hechmik/voxceleb_enrichment_age_gender "
        "(folder dataset) into the root.",
    ),
)
