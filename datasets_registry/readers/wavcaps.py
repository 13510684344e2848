"""FreeSound and SoundBible, two of WavCaps' sources: recordings with a caption that ChatGPT made of their owners' text.

Files: `json_files/FreeSound/fsd_final.json`, `json_files/SoundBible/sb_final.json`; audio as `<id>.flac` below
`FreeSound/`, `SoundBible/`, or anywhere below the root where there are no such folders. WavCaps' own lists of clips
that overlap with evaluation sets, `blacklist*.json`, are honoured where they lie in the root, in `blacklist/`, or in
`json_files/blacklist/`: those clips are in the split `overlap`, which does not train.
"""

from __future__ import annotations

import json
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
from aig.datasets_registry.text.text_rows import MalformedRowError, quarantined

__all__ = ["FREESOUND", "SOUNDBIBLE"]

_LISTS = "https://huggingface.co/datasets/cvssp/WavCaps/resolve/main/json_files"


def read(folder: str, list_name: str, source: Source) -> Iterator[Clip | Quarantined]:
    """Clips of one of WavCaps' sources, those no longer than the source's bound."""
    name = folder.lower()
    file = locate(source.root, f"json_files/{folder}/{list_name}", f"{folder}/{list_name}", list_name)
    if file is None:
        raise wrong_folder(name, source.root, f"json_files/{folder}/{list_name}")
    below = [path for path in (folder, f"Zip_files/{folder}") if (source.root / path).is_dir()] or [""]
    audio = AudioFiles(source.root, below=below)
    overlap = _overlap(source.root, folder)
    for line, item in json_items(file, "data"):
        try:
            if isinstance(item, MalformedRowError):
                raise item
            number, duration_s, caption = _fields(item)
        except MalformedRowError as error:
            yield quarantined(name, file, line, error)
            continue
        split = "overlap" if number in overlap else "train"
        short = source.max_duration_s is None or duration_s <= source.max_duration_s
        if short and split in source.splits:
            yield Clip(
                audio_id=f"{name}/{number}",
                dataset=name,
                split=split,
                path=audio.find(number),
                captions=(caption,),
                source_key=_source_key(name, number),
                title=item["title"].strip() or None if isinstance(item.get("title"), str) else None,
            )


def _source_key(name: str, number: str) -> str | None:
    if name == "freesound":
        return freesound_key(number) if number.isascii() and number.isdigit() else None
    return f"{name}:{number}"


def _fields(item: dict[str, Any]) -> tuple[str, float, str]:
    number, duration_s, caption = item.get("id"), item.get("duration"), item.get("caption")
    if not isinstance(number, str | int) or not str(number).isalnum():
        raise MalformedRowError(f"{number!r} is not a valid recording id", column="id")
    if isinstance(duration_s, bool) or not isinstance(duration_s, int | float) or duration_s < 0:
        raise MalformedRowError(f"{duration_s!r} is not a duration in seconds", column="duration")
    if not isinstance(caption, str) or not caption.strip():
        raise MalformedRowError("no caption", column="caption")
    return str(number), float(duration_s), caption.strip()


def _overlap(root: Path, folder: str) -> set[str]:
    """Ids of a source in all of WavCaps' lists of overlaps with evaluation sets."""
    found: set[str] = set()
    for place in (root, root / "blacklist", root / "json_files" / "blacklist"):
        for file in sorted(place.glob("blacklist*.json")):
            try:
                content = json.loads(file.read_bytes())
                found |= {str(number).removesuffix(".wav").removesuffix(".flac") for number in content.get(folder, ())}
            except (ValueError, AttributeError, TypeError) as error:
                raise UsageError(
                    f"{file} is not one of WavCaps' lists of overlaps: {error}",
                    "Download it again from the page of WavCaps, or remove it.",
                ) from None
    return found


def _dataset(folder: str, list_name: str, **facts: Any) -> Dataset:
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
        downloads=(Download(url=f"{_LISTS}/{folder}/{list_name}", to=f"json_files/{folder}/{list_name}"),),
        manual=(
            f"Read the terms at https://huggingface.co/datasets/cvssp/WavCaps, then fetch Zip_files/{folder}/ from "
            f"there (with Hugging Face's own tool: `hf download cvssp/WavCaps --repo-type dataset "
            f'--include "Zip_files/{folder}/*"`).',
            f"Unpack it so that <root>/{folder}/<id>.flac is there; a split archive first becomes one: "
            f"`zip -s 0 {folder}.zip --out whole.zip`.",
            "To keep clips that overlap with evaluation sets out, put WavCaps' blacklist*.json into the root.",
        ),
        **facts,
    )


FREESOUND = _dataset(
    "FreeSound",
    "fsd_final.json",
    title="FreeSound (WavCaps)",
    summary="Recordings of Freesound with a caption; those of at most 10 s are used.",
    clips=91_000,
    max_duration_s=10.0,
)

SOUNDBIBLE = _dataset(
    "SoundBible",
    "sb_final.json",
    title="SoundBible (WavCaps)",
    summary="Recordings of SoundBible with a caption.",
    clips=1_232,
    copies=10,
)
