"""FreeSound and SoundBible, two of WavCaps' sources: recordings with a caption that ChatGPT made of their owners' text.

Files: `json_files/FreeSound/fsd_final.json`, `json_files/SoundBible/sb_final.json`; audio as `<id>.flac` below a folder
whose name begins with the source's, such as `FreeSound/`, `Audio/FreeSound/`, `Zip_files/FreeSound/`, or anywhere
below the root where there is none. WavCaps' own lists of clips that overlap with evaluation sets, `blacklist*.json`,
are honoured where they lie in the root, in `blacklist/`, or in `json_files/blacklist/`, and those of aac-datasets,
`blacklist*.csv`, too: those clips are in the split `overlap`, which does not train.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

from aig.core.errors import UsageError
from aig.core.records import Clip, Quarantined
from aig.core.source_keys import freesound_key
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.downloads import Download
from aig.datasets_registry.files import AudioFiles, locate, wrong_folder
from aig.datasets_registry.text.json_stream import json_items
from aig.datasets_registry.text.parse_rows import parse_items, parse_rows
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["FREESOUND", "HUB", "SOUNDBIBLE", "captions"]

HUB = "https://huggingface.co/datasets/cvssp/WavCaps/resolve/main"
"""Where WavCaps' files lie."""

_SOURCES = ("freesound", "soundbible", "bbc_sound_effects", "audioset_sl")
_VIDEO = re.compile(r"Y?([A-Za-z0-9_-]{11})(?:\.\w+)?")


def read(folder: str, list_name: str, source: Source) -> Iterator[Clip | Quarantined]:
    """Clips of one of WavCaps' sources, those no longer than the source's bound."""
    name = folder.lower()
    file = locate(source.root, f"json_files/{folder}/{list_name}", f"{folder}/{list_name}", list_name)
    if file is None:
        raise wrong_folder(name, source.root, f"json_files/{folder}/{list_name}")
    audio = _audio(source.root, name)
    overlap = _overlap(source.root, folder)
    if overlap is None and name == "freesound":
        source.note(
            f"{name}: no list of overlaps with evaluation sets (WavCaps' json_files/blacklist/blacklist*.json) below "
            f"{source.root}, so clips of those sets train too; `aig pull` gets the lists."
        )

    def clip(item: dict[str, Any]) -> Clip | None:
        number, duration_s, caption = _fields(item)
        split = "overlap" if overlap and number in overlap else "train"
        short = source.max_duration_s is None or duration_s <= source.max_duration_s
        if not short or split not in source.splits:
            return None
        return Clip(
            audio_id=f"{name}/{number}",
            dataset=name,
            split=split,
            path=audio.find(number),
            captions=(caption,),
            source_key=_source_key(name, number),
            title=item["title"].strip() or None if isinstance(item.get("title"), str) else None,
        )

    yield from parse_items(file, name, json_items(file, "data"), clip)


def _source_key(name: str, number: str) -> str | None:
    if name == "freesound":
        return freesound_key(number) if number.isascii() and number.isdigit() else None
    return f"{name}:{number}"


def captions(file: Path, dataset: str) -> Iterator[tuple[str, str] | Quarantined]:
    """Videos and their captions, from WavCaps' list of clips of AudioSet-Strong, `as_final.json`."""

    def caption(item: dict[str, Any]) -> tuple[str, str]:
        number, text = item.get("id"), item.get("caption")
        found = _VIDEO.fullmatch(number) if isinstance(number, str) else None
        if found is None:
            raise MalformedRowError(f"{number!r} is not a valid YouTube id", column="id")
        return found.group(1), _caption(text)

    return parse_items(file, dataset, json_items(file, "data"), caption)


def _audio(root: Path, name: str) -> AudioFiles:
    """The source's audio files. Sources share ids, so one's folder never holds another's clips."""
    own = AudioFiles(root, where=lambda folders: any(folder.lower().startswith(name) for folder in folders))
    if len(own):
        return own
    return AudioFiles(root, where=lambda folders: not any(folder.lower().startswith(_SOURCES) for folder in folders))


def _fields(item: dict[str, Any]) -> tuple[str, float, str]:
    number, duration_s, caption = item.get("id"), item.get("duration"), item.get("caption")
    if not isinstance(number, str | int) or not str(number).isalnum():
        raise MalformedRowError(f"{number!r} is not a valid recording id", column="id")
    if isinstance(duration_s, bool) or not isinstance(duration_s, int | float) or not 0 <= duration_s < math.inf:
        raise MalformedRowError(f"{duration_s!r} is not a duration in seconds", column="duration")
    return str(number), float(duration_s), _caption(caption)


def _caption(text: Any) -> str:
    if not isinstance(text, str) or not text.strip():
        raise MalformedRowError("no caption", column="caption")
    return " ".join(text.split())


def _overlap(root: Path, folder: str) -> set[str] | None:
    """Ids of a source in all lists of overlaps with evaluation sets; `None` where there is no list."""
    places = (root, root / "blacklist", root / "json_files" / "blacklist")
    files = [file for place in places for file in sorted(place.glob("blacklist*")) if file.suffix in (".json", ".csv")]
    found: set[str] = set()
    for file in files:
        try:
            found |= {_stem(number) for number in _listed(file, folder)}
        except (ValueError, AttributeError, TypeError) as error:
            raise UsageError(
                f"{file} is not one of WavCaps' lists of overlaps: {error}",
                "Download it again from the page of WavCaps, or remove it.",
            ) from None
    return found if files else None


def _listed(file: Path, folder: str) -> list[Any]:
    if file.suffix == ".json":
        listed = json.loads(file.read_bytes()).get(folder, [])
        if not isinstance(listed, list):
            raise TypeError(f"{folder} is not a list")
        return listed
    rows = parse_rows(file, folder.lower(), lambda row: row[0], columns=("id",))
    return [row for row in rows if not isinstance(row, Quarantined)]


def _stem(number: Any) -> str:
    return str(number).removesuffix(".wav").removesuffix(".flac")


_BLACKLISTS = tuple(
    Download(
        url=f"{HUB}/json_files/blacklist/{name}",
        to=f"json_files/blacklist/{name}",
        checksum=f"sha256:{checksum}",
        size=size,
    )
    for name, checksum, size in (
        (
            "blacklist_exclude_all_ac.json",
            "ab53786c5d0a0fe174013395cae46dfcec8676ba71c8539605691290b63b4803",
            1_525_390,
        ),
        ("blacklist_exclude_test_ac.json", "54a84d4e24f5c7eda582ce75d0e34eae51a22df9f1a946db9e43501a6fb386a8", 77_724),
        (
            "blacklist_exclude_ub8k_esc50_vggsound.json",
            "64e278412489767ce8578e651985c310d8409ed78855bfcc78f9e398ca838c50",
            473_374,
        ),
    )
)
"""Clips that overlap with evaluation sets; `all_ac` also names those of the training parts of AudioCaps and Clotho."""


def _dataset(
    folder: str, list_name: str, checksum: str, size: int, audio: tuple[Download, ...] = (), **facts: Any
) -> Dataset:
    return Dataset(
        name=folder.lower(),
        home="https://huggingface.co/datasets/cvssp/WavCaps",
        paper="Mei et al., WavCaps: A ChatGPT-assisted weakly-labelled audio captioning dataset, TASLP 2024",
        licence="academic use only; each recording has a licence of its own",
        redistributable=False,
        access="open",
        fields=("captions", "title"),
        splits=("train", "overlap"),
        closed_tasks=("caption",),
        open_prompt="audio",
        reader=partial(read, folder, list_name),
        audio_names=(f"<id>.* below a folder whose name begins with {folder}, or anywhere where there is none",),
        downloads=(
            Download(
                url=f"{HUB}/json_files/{folder}/{list_name}",
                to=f"json_files/{folder}/{list_name}",
                checksum=f"sha256:{checksum}",
                size=size,
            ),
            *_BLACKLISTS,
            *audio,
        ),
        **facts,
    )


FREESOUND = _dataset(
    "FreeSound",
    "fsd_final.json",
    "4499ada1a7a76666695d880feb298f557efb3aa8af3b57fd9b713c75319ff53f",
    147_300_685,
    title="FreeSound (WavCaps)",
    summary="Recordings of Freesound with a caption; those of at most 10 s are used.",
    clips=91_000,
    max_duration_s=10.0,
    manual=(
        "Read the terms at https://huggingface.co/datasets/cvssp/WavCaps; `aig pull CONFIG freesound --from "
        "cvssp/WavCaps` then fetches and unpacks the audio: some 120 volumes of 5.37 GB, 650 GB together, and as much "
        "again while it unpacks. What it expects: <root>/FreeSound/<id>.flac, in whatever folders below.",
        "A user who wants clips of the training parts of AudioCaps and Clotho, and only those of their test parts out, "
        "removes json_files/blacklist/blacklist_exclude_all_ac.json.",
    ),
)

SOUNDBIBLE = _dataset(
    "SoundBible",
    "sb_final.json",
    "c64329d13c58322d932a7e802c3f4b95d1fcd2ba0e52083cecb35a41b00f6a1c",
    469_675,
    title="SoundBible (WavCaps)",
    summary="Recordings of SoundBible with a caption.",
    clips=1_232,
    copies=10,
    audio=(
        Download(
            url=f"{HUB}/Zip_files/SoundBible/SoundBible.zip",
            to="SoundBible",
            unpack=True,
            makes=("SoundBible",),
        ),
    ),
)
