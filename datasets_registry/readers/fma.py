"""FMA: 106,574 tracks of the Free Music Archive with 161 genres.

Files: `fma_metadata/tracks.csv` (two header rows and one that names the index), `fma_metadata/genres.csv`; audio
`fma_large/<first three of six digits>/<six digits>.mp3`, or below `fma_small`, `fma_medium`, `fma_full`. Some files
are broken or short: that is found out when they are measured.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from aig.core.errors import UsageError
from aig.core.records import Clip, Quarantined
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import AudioFiles, locate, wrong_folder
from aig.datasets_registry.text.file_kind import describe
from aig.datasets_registry.text.parse_rows import collect, parse_items, parse_rows
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows

__all__ = ["DATASET"]

NAME = "fma"
_PARTS = ("fma_small", "fma_medium", "fma_large", "fma_full")
_COLUMNS = (("set", "split"), ("track", "genres_all"), ("track", "title"), ("track", "license"))


def read(source: Source) -> Iterator[Clip | Quarantined]:
    """Tracks of the source's splits with their genres, those that the owners derive from the tree included."""
    tracks, genres_file = (locate(source.root, f"fma_metadata/{name}", name) for name in ("tracks.csv", "genres.csv"))
    if tracks is None or genres_file is None:
        raise wrong_folder(NAME, source.root, "fma_metadata/tracks.csv and fma_metadata/genres.csv")
    genres: dict[int, str] = {}
    yield from collect(genre_names(genres_file), genres)
    below = [part for part in source.parts or _PARTS if (source.root / part).is_dir()]
    audio = AudioFiles(source.root, below=below or [""])
    header: list[list[str]] = []
    places: list[int] = []

    def clip(row: list[str]) -> Clip | None:
        if len(header) < 3:
            header.append(row)
            places.extend(_places(tracks, header) if len(header) == 3 else ())
            return None
        if len(row) != len(header[0]):
            raise MalformedRowError(f"{len(row)} cells instead of {len(header[0])}", column=str(len(row)))
        found = _clip(row, places, genres, audio)
        return found if found.split in source.splits else None

    yield from parse_items(tracks, NAME, csv_rows(tracks, multiline=True), clip)
    if len(header) < 3:
        raise wrong_folder(NAME, source.root, f"three header rows in {tracks.name}, which is {describe(tracks)},")


def _places(file: Path, header: list[list[str]]) -> list[int]:
    """Where the wanted columns stand, by the two header rows."""
    pairs = list(zip(header[0], header[1], strict=False))
    missing = [", ".join(column) for column in _COLUMNS if column not in pairs]
    if missing or header[2][0] != "track_id":
        raise UsageError(
            f"{file}: no column {missing[0] if missing else 'track_id'} by its first three rows; "
            f"the file is {describe(file)}",
            "Take tracks.csv as it is in fma_metadata.zip.",
        )
    return [pairs.index(column) for column in _COLUMNS]


def _clip(row: list[str], places: list[int], genres: dict[int, str], audio: AudioFiles) -> Clip:
    split, genre_ids, title, licence = (row[place] for place in places)
    if not (row[0].isascii() and row[0].isdigit()):
        raise MalformedRowError(f"{row[0]!r} is not a track number", column="track_id")
    if split not in DATASET.splits:
        raise MalformedRowError(f"{split!r} is not one of {', '.join(DATASET.splits)}", column="set, split")
    try:
        names = [genres[number] for number in json.loads(genre_ids or "[]")]
    except (ValueError, TypeError):
        raise MalformedRowError(f"{genre_ids!r} is not a list of numbers", column="track, genres_all") from None
    except KeyError as unknown:
        raise MalformedRowError(f"no genre {unknown.args[0]} in genres.csv", column="track, genres_all") from None
    digits = row[0].zfill(6)
    return Clip(
        audio_id=f"{NAME}/{digits}",
        dataset=NAME,
        split=split,
        path=audio.find(digits),
        genres=tuple(names) or None,
        title=title.strip() or None,
        licence=licence.strip() or None,
        source_key=f"fma:{digits}",
    )


def genre_names(file: Path) -> Iterator[tuple[int, str] | Quarantined]:
    """Genres by their number."""

    def genre(row: list[str]) -> tuple[int, str]:
        if not row[0].isdigit() or not row[1].strip():
            raise MalformedRowError("no number and title of a genre", column="title")
        return int(row[0]), row[1].strip()

    return parse_rows(file, NAME, genre, columns=("genre_id", "title"))


_ARCHIVES = "https://os.unil.cloud.switch.ch/fma"
_CHECKSUMS = {
    "fma_small": "ade154f733639d52e35e32f5593efe5be76c6d70",
    "fma_medium": "c67b69ea232021025fca9231fc1c7c1a063ab50b",
    "fma_large": "497109f4dd721066b5ce5e5f250ec604dc78939e",
    "fma_full": "0f0ace23fbe9ba30ecb7e95f763e435ea802b8ab",
}

DATASET = Dataset(
    name=NAME,
    title="FMA",
    summary="Tracks of the Free Music Archive with their genres.",
    home="https://github.com/mdeff/fma",
    paper="Defferrard et al., FMA: A dataset for music analysis, ISMIR 2017",
    licence="metadata CC BY 4.0; each track has a Creative Commons licence of its own",
    redistributable=False,
    access="open",
    clips=95_616,
    fields=("genres", "title", "licence"),
    splits=("training", "validation", "test"),
    train_splits=("training", "validation"),
    parts=_PARTS,
    pull_parts=("fma_large",),
    closed_tasks=("genre_cla",),
    open_prompt="music",
    pairs_per_call=5,
    reader=read,
    audio_names=("<six digits>.*, below fma_small/, fma_medium/, fma_large/ or fma_full/ where they are",),
    downloads=(
        Download(
            url=f"{_ARCHIVES}/fma_metadata.zip",
            to="",
            checksum="sha1:f0df49ffe5f2a6008d7dc83c6915b31835dfe733",
            unpack=True,
            makes=("fma_metadata",),
        ),
        *(
            Download(
                url=f"{_ARCHIVES}/{part}.zip", to="", checksum=f"sha1:{checksum}", unpack=True, part=part, makes=(part,)
            )
            for part, checksum in _CHECKSUMS.items()
        ),
    ),
)
