"""Clotho v2: Freesound recordings of 15 to 30 s with five captions each.

Files: `clotho_captions_{development,validation,evaluation}.csv`; audio under the names the lists give, blanks and odd
characters included, below a folder whose name ends in the split's (`development/`, `clotho_audio_development/`,
`clotho_audio_files/development/`, `audio/development/`), or anywhere where there is no such folder. Some names stand
in two splits: of these, only what lies in a split's folder counts. Licences and numbers at Freesound come from
`clotho_metadata_<split>.csv` where it is there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from aig.core.audio_names import without_suffix
from aig.core.records import Clip, Quarantined
from aig.core.source_keys import freesound_key
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import AudioFiles, locate, wrong_folder
from aig.datasets_registry.text.parse_rows import collect, parse_rows
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["DATASET"]

NAME = "clotho"
_SPLITS = ("development", "validation", "evaluation")
_RECORD = "https://zenodo.org/records/4783391/files"
_COLUMNS = ("file_name", "caption_1", "caption_2", "caption_3", "caption_4", "caption_5")


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Clips of the source's splits with their captions."""
    wanted = [split for split in source.splits if not source.parts or split in source.parts]
    lists = [(split, _table(source.root, "captions", split)) for split in wanted]
    found = [(split, file) for split, file in lists if file is not None]
    if not found:
        raise wrong_folder(NAME, source.root, " or ".join(f"clotho_captions_{split}.csv" for split in wanted))
    anywhere = AudioFiles(source.root, where=lambda folders: not any(name.endswith(_SPLITS) for name in folders))
    in_two = _in_two_lists(source.root)
    for split, file in found:
        own = AudioFiles(source.root, where=partial(_of_split, split))
        about: dict[str, _About] = {}
        yield from _metadata(source, split, about)
        unknown: list[str] = []
        clip = partial(_clip, split, own, anywhere, in_two, about, unknown)
        yield from parse_rows(file, NAME, clip, columns=_COLUMNS, multiline=True, torn=True)
        if about and unknown:
            source.note(
                f"{NAME}: clotho_metadata_{split}.csv has no line for {len(unknown):,} clips of {file.name}, such as "
                f"{unknown[0]!r}, so they have no licence."
            )


def _table(root: Path, what: str, split: str) -> Path | None:
    name = f"clotho_{what}_{split}.csv"
    return locate(root, name, f"clotho_csv_files/{name}")


def _of_split(split: str, folders: list[str]) -> bool:
    return any(name.endswith(split) for name in folders)


def _clip(
    split: str,
    own: AudioFiles,
    anywhere: AudioFiles,
    in_two: set[str],
    about: dict[str, _About],
    unknown: list[str],
    row: list[str],
) -> Clip:
    stem = without_suffix(row[0])
    captions = tuple(" ".join(caption.split()) for caption in row[1:] if caption.strip())
    if not stem or "/" in stem:
        raise MalformedRowError(f"{row[0]!r} is not a valid file name", column="file_name")
    if not captions:
        raise MalformedRowError("no captions", column="caption_1")
    known = about.get(row[0])
    if known is None:
        unknown.append(row[0])
        known = _About()
    return Clip(
        audio_id=f"{NAME}/{split}/{stem}",
        dataset=NAME,
        split=split,
        path=own.find(stem) or (None if stem in in_two else anywhere.find(stem)),
        captions=captions,
        licence=known.licence,
        source_key=known.source_key,
    )


def _in_two_lists(root: Path) -> set[str]:
    """Names that stand in the lists of two splits."""
    counts: Counter[str] = Counter()
    for split in _SPLITS:
        if file := _table(root, "captions", split):
            rows = parse_rows(file, NAME, lambda row: row[0], columns=_COLUMNS, multiline=True, torn=True)
            counts.update({without_suffix(row) for row in rows if not isinstance(row, Quarantined)})
    return {name for name, lists in counts.items() if lists > 1}


@dataclass(frozen=True, slots=True)
class _About:
    """What the owners tell of a recording beside its captions."""

    licence: str | None = None
    source_key: str | None = None


def _metadata(source: Source, split: str, into: dict[str, _About]) -> Iterator[Quarantined]:
    """By file name, from the owners' metadata, which is in Latin-1."""
    file = _table(source.root, "metadata", split)
    if file is None:
        source.note(f"{NAME}: no clotho_metadata_{split}.csv below {source.root}, so no clip of it has a licence.")
        return

    def about(row: list[str]) -> tuple[str, _About]:
        name, number, licence = row
        key = freesound_key(number) if number.isascii() and number.isdigit() else None
        return name, _About(licence if licence.startswith("http") else None, key)

    columns = ("file_name", "sound_id", "license")
    yield from collect(parse_rows(file, NAME, about, columns=columns, multiline=True, encoding="latin-1"), into)


def _files(split: str, audio: str, captions: str, metadata: str) -> tuple[Download, ...]:
    names = {
        f"clotho_captions_{split}.csv": captions,
        f"clotho_metadata_{split}.csv": metadata,
    }
    return (
        *(Download(url=f"{_RECORD}/{name}", to=name, checksum=f"md5:{md5}", part=split) for name, md5 in names.items()),
        Download(
            url=f"{_RECORD}/clotho_audio_{split}.7z",
            to=f"clotho_audio_{split}",
            checksum=f"md5:{audio}",
            part=split,
            unpack=True,
            makes=(f"clotho_audio_{split}", split),
        ),
    )


DATASET = Dataset(
    name=NAME,
    title="Clotho v2.1",
    summary="Recordings of Freesound, 15 to 30 s, with five captions each.",
    home="https://zenodo.org/records/4783391",
    paper="Drossos et al., Clotho: An audio captioning dataset, ICASSP 2020",
    licence="captions: Tampere University licence (non-commercial, academic); each recording has a licence of its own",
    redistributable=False,
    access="open",
    clips=4_884,
    fields=("captions", "licence"),
    splits=_SPLITS,
    train_splits=("development", "validation"),
    parts=_SPLITS,
    pull_parts=("development", "validation"),
    closed_tasks=("caption",),
    copies=2,
    open_prompt="audio",
    pairs_per_call=20,
    reader=read,
    audio_names=(
        "<file_name> below a folder that ends in the split's name",
        "<file_name> anywhere else, unless two splits have it",
    ),
    downloads=(
        *_files(
            "development",
            "c8b05bc7acdb13895bb3c6a29608667e",
            "d4090b39ce9f2491908eebf4d5b09bae",
            "170d20935ecfdf161ce1bb154118cda5",
        ),
        *_files(
            "validation",
            "7dba730be08bada48bd15dc4e668df59",
            "5879e023032b22a2c930aaa0528bead4",
            "2e010427c56b1ce6008b0f03f41048ce",
        ),
        *_files(
            "evaluation",
            "4569624ccadf96223f19cb59fe4f849f",
            "1b16b9e57cf7bdb7f13a13802aeb57e2",
            "13946f054d4e1bf48079813aac61bf77",
        ),
    ),
)
