"""Clotho v2: Freesound recordings of 15 to 30 s with five captions each.

Files: `clotho_captions_{development,validation,evaluation}.csv`; audio in `<split>/` or anywhere below a folder whose
name ends in the split's, under the names the lists give, blanks and odd characters included. Licences and
numbers at Freesound come from `clotho_metadata_<split>.csv` where it is there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from aig.core.records import Clip, Quarantined
from aig.core.source_keys import freesound_key
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import AudioFiles, folders, locate, wrong_folder
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, quarantined

__all__ = ["DATASET"]

NAME = "clotho"
_SPLITS = ("development", "validation", "evaluation")
_RECORD = "https://zenodo.org/records/4783391/files"


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Clips of the source's splits with their captions."""
    wanted = [split for split in source.splits if not source.parts or split in source.parts]
    lists = [(split, locate(source.root, f"clotho_captions_{split}.csv")) for split in wanted]
    found = [(split, file) for split, file in lists if file is not None]
    if not found:
        raise wrong_folder(NAME, source.root, " or ".join(f"clotho_captions_{split}.csv" for split in wanted))
    for split, file in found:
        # The same name may stand in two splits, so each is looked for in its own folder, where there are such.
        own = [folder for folder in folders(source.root) if folder.endswith(_SPLITS)]
        audio = AudioFiles(source.root, below=[name for name in own if name.endswith(split)] if own else [""])
        about = _about(source.root, split)
        for line, row in csv_rows(file, multiline=True):
            try:
                if isinstance(row, MalformedRowError):
                    raise row
                if row[0] == "file_name":
                    continue
                clip = _clip(row, split, audio, about)
            except MalformedRowError as error:
                yield quarantined(NAME, file, line, error)
            else:
                yield clip


def _clip(row: list[str], split: str, audio: AudioFiles, about: dict[str, _About]) -> Clip:
    if len(row) != 6:
        raise MalformedRowError(f"{len(row)} cells instead of 6", column=str(len(row)))
    stem = row[0].removesuffix(".wav")
    captions = tuple(caption.strip() for caption in row[1:] if caption.strip())
    if not stem or "/" in stem:
        raise MalformedRowError(f"{row[0]!r} is not a valid file name", column="file_name")
    if not captions:
        raise MalformedRowError("no captions", column="caption_1")
    known = about.get(row[0], _About())
    return Clip(
        audio_id=f"{NAME}/{split}/{stem}",
        dataset=NAME,
        split=split,
        path=audio.find(stem),
        captions=captions,
        licence=known.licence,
        source_key=known.source_key,
    )


@dataclass(frozen=True, slots=True)
class _About:
    """What the owners tell of a recording beside its captions."""

    licence: str | None = None
    source_key: str | None = None


def _about(root: Path, split: str) -> dict[str, _About]:
    """By file name: the owners' metadata, which are not in UTF-8 throughout; third column: the number at Freesound."""
    file = locate(root, f"clotho_metadata_{split}.csv")
    if file is None:
        return {}
    rows = csv_rows(file, multiline=True)
    return {
        row[0]: _About(
            licence=row[-1] if row[-1].startswith("http") else None,
            source_key=freesound_key(row[2]) if len(row) > 2 and row[2].isascii() and row[2].isdigit() else None,
        )
        for _, row in rows
        if not isinstance(row, MalformedRowError)
    }


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
