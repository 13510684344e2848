"""Which clips belong to public test sets, by the keys of their recordings: what training data must not hold.

A list is the owners' own file. It is looked for in the folder of its dataset and in a folder of lists; nothing is
fetched. Known are the held-out splits of every dataset of the registry (`audiocaps/test`, `clotho/evaluation`), test
sets made of the same recordings (`esc50`, `urbansound8k`), WavCaps' lists of overlaps (`wavcaps`), and any text file
with a key a line.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from aig.core.errors import UsageError
from aig.core.records import Clip
from aig.core.source_keys import KeyList, freesound_key, parse_key, youtube_key
from aig.datasets_registry.dataset import Dataset, Source
from aig.datasets_registry.readers.youtube import is_video
from aig.datasets_registry.registry import DATASETS
from aig.datasets_registry.text.text_rows import MalformedRowError, csv_rows, text_lines

__all__ = ["DEFAULT", "find_list", "names"]

_WITHOUT_IDS = {
    "mmau": "MMAU names its clips by numbers of its own",
    "mmar": "MMAR names its clips by numbers of its own",
}

DEFAULT = (
    "audiocaps/test",
    "audioset/eval",
    "audioset_strong/eval",
    "clotho/evaluation",
    "esc50",
    "fsd50k/eval",
    "urbansound8k",
    "vggsound/test",
    "wavcaps",
)
"""The lists that every selection is held against where they are on this disk and no others are asked for."""


def names() -> tuple[str, ...]:
    """Every list that is known by name."""
    splits = [f"{name}/{split}" for name, dataset in DATASETS.items() for split in dataset.splits]
    return tuple(sorted({*splits, *_FILES}))


def find_list(name: str, roots: Mapping[str, str], folder: str | None = None) -> KeyList | None:
    """A list by its name or its file; `None` where a known list is not on this disk.

    Args:
        name: `<dataset>/<split>`, one of the other known names, or the path of a text file.
        roots: folders of the datasets, by name.
        folder: a folder of lists: each in a folder of its dataset's name, or directly in it.

    Raises:
        UsageError: there is no such list, it has no ids that other datasets share, or a line of it is malformed.
    """
    if Path(name).suffix:
        return _own(Path(name))
    if name in _WITHOUT_IDS:
        raise UsageError(
            f"the list {name!r} has no ids: {_WITHOUT_IDS[name]}, which no other dataset shares.",
            "Compare with its sound instead: `not_in_audio: FOLDER` with the folder of its audio.",
        )
    dataset, _, split = name.partition("/")
    places = [Path(place) for place in _places(dataset, roots, folder)]
    if name in _FILES:
        pattern, read = _FILES[name]
        files = _found(places, pattern)
        return _checked(name, (key for file in files for key in read(file)), files) if files else None
    if dataset not in DATASETS or split not in DATASETS[dataset].splits:
        near = difflib.get_close_matches(name, names(), n=1, cutoff=0.5)
        raise UsageError(
            f"there is no list {name!r}.",
            (f"Did you mean {near[0]!r}? " if near else "")
            + "Name <dataset>/<split>, "
            + ", ".join(sorted(_FILES))
            + ", or a text file with a key a line.",
        )
    for place in places:
        try:
            keys = list(_keys(DATASETS[dataset], Source(root=place, splits=(split,), note=_ignore)))
        except UsageError:
            continue  # this folder does not hold the split's files
        if keys:
            return _checked(name, (key for key in keys if key), [place])
    return None


def _ignore(_: str) -> None:
    """What a reader has to say of the whole dataset does not matter for its keys."""


def _keys(dataset: Dataset, source: Source) -> Iterator[str | None]:
    """The keys of a split's clips; where videos say them, no audio file is looked for."""
    if dataset.segments is not None:
        for segment in dataset.segments(dataset.resolve(source)):
            yield youtube_key(segment.video, segment.start_s, segment.end_s)
    else:
        yield from (clip.source_key for clip in dataset.read(source) if isinstance(clip, Clip))


def _places(dataset: str, roots: Mapping[str, str], folder: str | None) -> Iterator[str]:
    if dataset in roots:
        yield roots[dataset]
    if dataset == "wavcaps":
        yield from (roots[name] for name in ("freesound", "soundbible") if name in roots)
    if folder:
        yield from (f"{folder}/{dataset}", folder)


def _found(places: Iterable[Path], pattern: str) -> list[Path]:
    """The files of a list, from the first folder that has any."""
    for place in places:
        for below in ("", "meta/", "metadata/", "blacklist/", "json_files/blacklist/"):
            if files := sorted(place.glob(below + pattern)):
                return files
    return []


def _checked(name: str, keys: Iterable[str], files: Sequence[Path]) -> KeyList:
    found = KeyList.of(name, keys)
    if not len(found):
        where = ", ".join(str(file) for file in files)
        raise UsageError(
            f"the list {name!r} in {where} has no ids by which a recording can be found in other datasets.",
            "Put the owners' metadata beside it (for Clotho: clotho_metadata_<split>.csv), or leave it out.",
        )
    return found


def _own(file: Path) -> KeyList:
    """A text file of one's own: a key a line; `#` begins a remark."""
    if not file.is_file():
        raise UsageError(
            f"there is no list {file}.", "Check the path; a relative one starts at the configuration's folder."
        )
    keys = []
    for number, line in text_lines(file):
        text = line.partition("#")[0].strip() if isinstance(line, str) else str(line)
        if not text:
            continue
        try:
            parse_key(text)
        except ValueError as error:
            raise UsageError(f"{file}, line {number}: {error}.", "Write one key a line.") from None
        keys.append(text)
    return _checked(file.name, keys, [file])


def _esc50(file: Path) -> Iterator[str]:
    yield from _freesound_column(file, "src_file")


def _urbansound(file: Path) -> Iterator[str]:
    yield from _freesound_column(file, "fsID")


def _freesound_column(file: Path, column: str) -> Iterator[str]:
    place: int | None = None
    for number, row in csv_rows(file):
        if isinstance(row, MalformedRowError):
            raise UsageError(f"{file}, line {number}: {row}.", "Take the owners' file as it is.")
        if place is None:
            if column not in row:
                raise UsageError(
                    f"{file}, line {number}: there is no column {column}.", "Take the owners' file as it is."
                )
            place = row.index(column)
        else:
            yield freesound_key(row[place].strip())


def _audioset(file: Path) -> Iterator[str]:
    for _, row in csv_rows(file, skipinitialspace=True):
        if not isinstance(row, MalformedRowError) and len(row) >= 3 and is_video(row[0]):
            yield youtube_key(row[0], float(row[1]), float(row[2]))


def _audioset_strong(file: Path) -> Iterator[str]:
    segments = {row[0]: None for _, row in csv_rows(file, delimiter="\t") if not isinstance(row, MalformedRowError)}
    for segment in segments:
        video, _, start = segment.rpartition("_")
        if is_video(video) and start.isdigit():
            yield youtube_key(video, int(start) / 1000, int(start) / 1000 + 10.0)


def _wavcaps(file: Path) -> Iterator[str]:
    """WavCaps' list of overlaps: names of audio files by source."""
    try:
        content = json.loads(file.read_bytes())
        stems = {name: [str(item).rpartition(".")[0] or str(item) for item in items] for name, items in content.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise UsageError(
            f"{file} is not one of WavCaps' lists of overlaps: {error}.", "Fetch it again from the page of WavCaps."
        ) from None
    for stem in stems.get("AudioSet", ()):
        video = stem.removeprefix("Y") if len(stem) == 12 else stem
        if is_video(video):
            yield youtube_key(video)
    for stem in stems.get("FreeSound", ()):
        if stem.isascii() and stem.isdigit():
            yield freesound_key(stem)


_FILES: dict[str, tuple[str, Callable[[Path], Iterator[str]]]] = {
    "audioset/eval": ("eval_segments.csv", _audioset),
    "audioset_strong/eval": ("audioset_eval_strong.tsv", _audioset_strong),
    "esc50": ("esc50.csv", _esc50),
    "urbansound8k": ("UrbanSound8K.csv", _urbansound),
    "wavcaps": ("blacklist*.json", _wavcaps),
}
"""Lists that need no reader of a dataset, or have none: the pattern of their files, and how one is read."""
