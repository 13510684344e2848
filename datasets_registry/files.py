"""Which audio files are on this disk: paths that stay below a root; one look at a folder instead of one per clip."""

from __future__ import annotations

import logging
import os
import posixpath
import re
import tarfile
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import numpy as np

from aig.core.audio_names import AUDIO_SUFFIXES
from aig.core.errors import UsageError
from aig.core.members import container_of, tar_members
from aig.core.paths import normal_below
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["AudioFiles", "existing", "folders", "inside", "locate", "walk", "with_tars", "wrong_folder"]

log = logging.getLogger("aig")

_SHOWN = 8
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|[A-Za-z]:[\\/]")
"""The beginning of a URL, or of a path on a drive of Windows."""


def inside(root: Path, path: str) -> str:
    """A path from untrusted text, relative to the root with `/`.

    Raises:
        MalformedRowError: it escapes the root or is empty.
    """
    if ":" in path:
        path = path.removeprefix("file://")
        if _ADDRESS.match(path):
            raise MalformedRowError(
                f"the path {path!r} is an address, not a file below the root {root}",
                column="path",
                code="path_outside_root",
                advice="Fetch the file, and write its path relative to the root.",
            )
    text = path.replace("\\", "/") if "/" not in path else path
    if text.startswith("/"):
        folder = root.absolute().as_posix().rstrip("/") + "/"
        text = text[len(folder) :] if text.startswith(folder) else ".."
    normal = normal_below(text)
    if normal is None:
        raise MalformedRowError(
            f"the path {path!r} leads out of the root {root}",
            column="path",
            code="path_outside_root",
            advice="Write paths relative to the root, or set `root` to the folder that holds all of them.",
        )
    return normal


def existing(root: Path, path: str) -> str | None:
    """A path below the root as the disk spells it, or `None` where there is no such file.

    macOS writes `é` as two characters (NFD), most others as one (NFC): each finds the other. Of a path into a table
    or tar only the file is looked for.
    """
    container = container_of(path)
    if os.path.isfile(f"{root}/{container}"):  # noqa: PTH113 - a stat without building a Path
        return path
    if container.isascii():
        return None
    found = [""]
    for part in container.split("/"):
        spellings = dict.fromkeys((part, *(unicodedata.normalize(form, part) for form in ("NFC", "NFD"))))
        tried = [f"{folder}/{spelling}" for folder in found for spelling in spellings]
        found = [one for one in tried if os.path.exists(f"{root}{one}")]  # noqa: PTH110
    files = [one for one in found if os.path.isfile(f"{root}{one}")]  # noqa: PTH113
    return files[0][1:] + path[len(container) :] if files else None


class AudioFiles:
    """The audio files below a folder by a key made of their name, found in one walk; about ten bytes a file.

    Files inside tars count too, see `aig.core.members`; one on the disk itself takes precedence.
    Keys are kept as sorted 64-bit hashes; a path is put together again from its folder and the pattern of its name.
    """

    def __init__(
        self,
        root: Path,
        key: Callable[[str], str] = str,
        below: Iterable[str] = ("",),
        where: Callable[[list[str]], bool] = lambda _: True,
    ) -> None:
        """Walks the folder; links to folders are followed, hidden files are not looked at.

        Args:
            root: paths are given relative to it.
            key: from a file's name without suffix to the key it is asked for by, a part of that name.
            below: folders below `root` to walk; those that are missing are left out.
            where: of the names of the folders from the root down to a file, whether it counts.
        """
        self._folders: list[str] = []
        self._patterns: dict[str, int] = {}
        hashes, places, patterns = array("q"), array("i"), array("i")
        for folder, names in with_tars(root, walk(root, below)):
            if not where(re.split("[/#]", folder)[:-1]):
                continue
            self._folders.append(folder)
            for name in names:
                stem, suffix = posixpath.splitext(name)
                if suffix.lower() in AUDIO_SUFFIXES and name[0] != ".":
                    wanted = key(stem)
                    shape = name.replace(wanted, "\0", 1)
                    if not wanted.isascii() and (composed := unicodedata.normalize("NFC", wanted)) != wanted:
                        wanted, shape = composed, name  # as a Mac writes accents; the file is opened by its own name
                    hashes.append(hash(wanted))
                    places.append(len(self._folders) - 1)
                    patterns.append(self._patterns.setdefault(shape, len(self._patterns)))
        self._names = list(self._patterns)
        found = np.frombuffer(hashes, dtype=np.int64) if hashes else np.empty(0, np.int64)
        # Of several files for one key: the better suffix, then the first by path, whatever order the disk gives.
        better = np.array([_rank(name) for name in self._names] or [0])
        by_path = np.argsort(np.argsort(np.array(self._folders or [""])))
        pattern = np.array(patterns, dtype=np.int64)
        place = np.array(places, dtype=np.int64)
        packed = np.array(["#" in folder for folder in self._folders] or [False])
        order = np.lexsort((pattern, by_path[place], better[pattern], packed[place], found))
        self._hashes = array("q", found[order].tobytes())
        self._places = array("i", place[order].astype(np.int32).tobytes())
        self._of_pattern = array("i", pattern[order].astype(np.int32).tobytes())

    def __len__(self) -> int:
        """How many audio files there are."""
        return len(self._hashes)

    def find(self, key: str) -> str | None:
        """Path of the file with that key relative to the root, or `None`; of several the best, see `AUDIO_SUFFIXES`."""
        at = self._first(key)
        return None if at is None else self._path(at, key)

    def find_all(self, key: str) -> list[str]:
        """Paths of all files with that key, the best first."""
        at = self._first(key)
        if at is None:
            return []
        end = at + 1
        while end < len(self._hashes) and self._hashes[end] == self._hashes[at]:
            end += 1
        return [self._path(place, key) for place in range(at, end)]

    def _first(self, key: str) -> int | None:
        wanted = hash(key if key.isascii() else unicodedata.normalize("NFC", key))
        at = bisect_left(self._hashes, wanted)
        return at if at < len(self._hashes) and self._hashes[at] == wanted else None

    def _path(self, at: int, key: str) -> str:
        name: str = self._names[self._of_pattern[at]]
        return self._folders[self._places[at]] + name.replace("\0", key, 1)


def _rank(name: str) -> int:
    return AUDIO_SUFFIXES.index(posixpath.splitext(name)[1].lower())


def walk(root: Path, below: Iterable[str] = ("",)) -> Iterator[tuple[str, list[str]]]:
    """Folders relative to the root, with a `/` at their end unless empty, and the names of the files in them.

    Links to folders are followed, once each; hidden folders are left out.
    """
    linked: set[tuple[int, int]] = set()
    for start in below:
        for folder, inner, names in os.walk(root / start, followlinks=True):
            # Hidden folders, and links back to a folder that was walked before, are not entered.
            inner[:] = sorted(n for n in inner if n[0] != "." and not _seen(os.path.join(folder, n), linked))  # noqa: PTH118
            relative = Path(folder).relative_to(root).as_posix()
            yield "" if relative == "." else f"{relative}/", names


def with_tars(root: Path, folders: Iterable[tuple[str, list[str]]]) -> Iterator[tuple[str, list[str]]]:
    """Folders as `walk` gives them, and those inside their tars, `a.tar#b/`."""
    for folder, names in folders:
        yield folder, names
        for name in sorted(names):
            if name.endswith(".tar") and name[0] != ".":
                inner: dict[str, list[str]] = {}
                try:
                    for member, _, _ in tar_members(root / folder / name):
                        inside, base = posixpath.split(member)
                        inner.setdefault(f"{inside}/" if inside else "", []).append(base)
                except (tarfile.TarError, OSError, EOFError) as error:
                    log.warning("%s: the tar cannot be read further: %s", root / folder / name, error)
                for inside, bases in inner.items():
                    yield f"{folder}{name}#{inside}", bases


def _seen(folder: str, linked: set[tuple[int, int]]) -> bool:
    if not os.path.islink(folder):  # noqa: PTH114
        return False
    status = os.stat(folder)  # noqa: PTH116
    known = (status.st_dev, status.st_ino) in linked
    linked.add((status.st_dev, status.st_ino))
    return known


def folders(folder: Path) -> list[str]:
    """Names of the folders in a folder, sorted, without hidden ones; none where it is missing."""
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.name[0] != "." and entry.is_dir())


def locate(root: Path, *candidates: str) -> Path | None:
    """The first of some files that is there: below the root as written, or in one of its folders."""
    for candidate in candidates:
        if (root / candidate).is_file():
            return root / candidate
    for candidate in candidates:
        for folder in folders(root):
            if (root / folder / candidate).is_file():
                return root / folder / candidate
    return None


def wrong_folder(dataset: str, root: Path, expected: str) -> UsageError:
    """The error of a folder that is not this dataset: what was expected below it, and what was found there."""
    with os.scandir(root) as entries:
        names = sorted(entry.name + ("/" if entry.is_dir() else "") for entry in entries)
    found = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    return UsageError(
        f"{dataset}: expected {expected} below {root}, found {found or 'nothing'}",
        f"Give the folder that holds it as `root`. `aig datasets {dataset}` says how the dataset is got, "
        f"`aig pull CONFIG {dataset}` gets what is open of it.",
    )
