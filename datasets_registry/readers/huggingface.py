"""Own data as a Hugging Face `datasets` folder with an `Audio` column (extra `huggingface`).

The other columns are the fields of a clip, as in a manifest. Audio that lies inside the tables is written out once,
below the root, because what comes after works on files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from aig.core.errors import UsageError
from aig.core.extras import missing_extra
from aig.core.storage import whole_file

__all__ = ["rows"]

_MAGIC = {b"RIFF": ".wav", b"fLaC": ".flac", b"OggS": ".ogg", b"ID3": ".mp3", b"\xff\xfb": ".mp3"}
_FOLDER = "audio_of_tables"


def rows(folder: Path, root: Path) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """Row numbers, from 1, and rows by a manifest's column names; `split` is the name of the part they are in.

    Args:
        folder: as `save_to_disk` wrote it, or one that `load_dataset` reads, such as Parquet files.
        root: audio inside the tables is written below it.

    Raises:
        UsageError: `datasets` is not installed, the folder is not such a folder, or it has no Audio column.
    """
    try:
        import datasets
    except ImportError:
        raise missing_extra(f"{folder} is a folder: that needs datasets", "huggingface") from None
    saved = any((folder / name).is_file() for name in ("dataset_info.json", "dataset_dict.json", "state.json"))
    try:
        loaded = datasets.load_from_disk(str(folder)) if saved else datasets.load_dataset(str(folder))
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder} is no Hugging Face dataset: {error}", "Write it with `save_to_disk`.") from None
    parts = loaded if isinstance(loaded, datasets.DatasetDict) else {"": loaded}
    number = 0
    for split, part in parts.items():
        audio = [name for name, feature in part.features.items() if isinstance(feature, datasets.Audio)]
        if len(audio) != 1:
            raise UsageError(f"{folder} has {len(audio)} Audio columns", "It must have one.")
        # The audio itself is decoded later, by the extractor.
        for row in part.cast_column(audio[0], datasets.Audio(decode=False)):
            number += 1
            held = row.pop(audio[0]) or {}
            row["path"] = _file(held, root, Path(_FOLDER) / split / f"{number - 1:08d}")
            if split:
                row.setdefault("split", split)
            yield number, row


def _file(held: Mapping[str, Any], root: Path, place: Path) -> str | None:
    """Path of a row's audio: the file it names, or one written from the bytes it holds."""
    content, name = held.get("bytes"), held.get("path")
    if content is None:
        return name
    suffix = (
        Path(name).suffix if name else next((s for magic, s in _MAGIC.items() if content.startswith(magic)), ".wav")
    )
    target = root / place.with_suffix(suffix)
    if not target.is_file() or target.stat().st_size != len(content):
        with whole_file(target, durable=False) as stream:
            stream.write(content)
    return place.with_suffix(suffix).as_posix()
