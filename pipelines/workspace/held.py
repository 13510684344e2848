"""A workspace as the run that holds it sees it: a store is asked once what there is, a thousand files an answer."""

from __future__ import annotations

import contextlib
import posixpath
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aig.core.storage import is_local
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["Held"]

_TABLES = frozenset({"answers", "clips", "features", "qa", "quarantine", "selection", "verdicts", "versions"})
"""Folders that nobody writes to but the stages, by the methods of a workspace, and their workers."""

_FILES = frozenset({"forgotten.json", "report.html", "shards.findings.json", "shards.json"})
"""Files beside these folders of which that is as true."""


class _Listing:
    """What lies below a folder, by the folders' paths in the workspace."""

    def __init__(self, found: Iterable[tuple[str, dict[str, Any]]]) -> None:
        self.files: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        self.folders: dict[str, set[str]] = defaultdict(set)
        for path, info in found:
            folder, name = posixpath.split(path)
            if folder and folder not in self.files:
                for inside in (folder, *_above(folder)):
                    self.folders[posixpath.dirname(inside)].add(posixpath.basename(inside))
            self.files[folder][name] = info

    def holds(self, path: str) -> bool:
        """Whether a file or folder is there."""
        folder, name = posixpath.split(path)
        return name in self.files.get(folder, ()) or name in self.folders.get(folder, ())


@dataclass(frozen=True)
class Held(Workspace):
    """A workspace that nobody else writes to meanwhile: what a store listed is remembered until something is written.

    On a disk, where looking costs nothing, and in workers, it is the plain workspace.
    """

    _listed: dict[str, _Listing] = field(default_factory=dict, compare=False, repr=False)
    """By top folder what lies below it; under the empty name, what lies beside these folders."""
    _texts: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)
    """Small files that were read, as they are listed."""
    _written: set[str] = field(default_factory=set, compare=False, repr=False)
    """Files and folders that were written to since, and the folders they lie in: they are looked at each time."""
    _replaced: set[str] = field(default_factory=set, compare=False, repr=False)
    """What was written or removed as a whole: what lies below it is looked at each time."""

    def __reduce__(self) -> tuple[type[Workspace], tuple[str]]:
        return Workspace, (self.root,)

    def forget(self) -> None:
        """Forgets what was listed: workers have written."""
        for kept in (self._listed, self._texts, self._written, self._replaced):
            kept.clear()

    def target(self, *names: str) -> str:
        """Address that a file or folder is written to."""
        self._wrote(*names)
        return super().target(*names)

    def remove(self, *names: str) -> None:
        """Removes a file, or a folder with all it holds; nothing happens where there is none."""
        if self.exists(*names):
            self._wrote(*names)
            super().remove(*names)

    def exists(self, *names: str) -> bool:
        """Whether a file or folder is there."""
        path = posixpath.join(*names)
        return self._below(path).holds(path) if self._knows_file(path) else super().exists(*names)

    def folders(self, *folder: str) -> list[str]:
        """Names of the folders in a folder, sorted."""
        path = posixpath.join(*folder)
        return sorted(self._below(path).folders.get(path, ())) if self._knows(path) else super().folders(*folder)

    def read_text(self, *names: str) -> str | None:
        """Text of a small file, or `None` where there is none."""
        path = posixpath.join(*names)
        if not self._knows_file(path):
            return super().read_text(*names)
        if path not in self._texts:
            self._texts[path] = super().read_text(*names) if self.exists(*names) else None
        return self._texts[path]

    def _files(self, *folder: str) -> Mapping[str, dict[str, Any]]:
        path = posixpath.join(*folder) if folder else ""
        return self._below(path).files.get(path, {}) if self._knows(path) else super()._files(*folder)

    def _tree(self, *folder: str) -> Mapping[str, dict[str, Any]]:
        path = posixpath.join(*folder)
        if not self._knows(path):
            return super()._tree(*folder)
        return {
            posixpath.relpath(posixpath.join(below, name), path): info
            for below, files in self._below(path).files.items()
            if below == path or below.startswith(f"{path}/")
            for name, info in files.items()
        }

    def _wrote(self, *names: str) -> None:
        path = posixpath.join(*names)
        self._replaced.add(path)
        self._written.update((path, *_above(path)))

    def _knows_file(self, path: str) -> bool:
        """Whether a file is as it was listed: nothing was written in its folder since."""
        if path in _FILES:
            return not is_local(self.root) and path not in self._written
        return self._knows(posixpath.dirname(path) or path) and path not in self._written

    def _knows(self, folder: str) -> bool:
        """Whether a folder is as it was listed: a table's, on a store, and nothing was written to it since."""
        if is_local(self.root) or folder.partition("/")[0] not in _TABLES or folder in self._written:
            return False
        return self._replaced.isdisjoint(_above(folder))

    def _below(self, path: str) -> _Listing:
        """What was listed where a file or folder lies."""
        top = "" if path in _FILES else path.partition("/")[0]
        if top not in self._listed:
            self._listed[top] = _Listing(self._list(top))
        return self._listed[top]

    def _list(self, top: str) -> Iterator[tuple[str, dict[str, Any]]]:
        fs, root = self._filesystem
        if top and top not in self._written and not self._below("").holds(top):
            return  # asked for a folder that is not there, stores look thrice
        fs.invalidate_cache()
        found: list[dict[str, Any]] = []
        if top:
            found = list(fs.find(posixpath.join(root, top), detail=True).values())
        else:
            with contextlib.suppress(FileNotFoundError):  # nothing was written to this workspace yet
                found = fs.ls(root, detail=True)
        yield from ((posixpath.relpath(info["name"], root), info) for info in found)


def _above(path: str) -> Iterator[str]:
    """The folders that a file or folder lies in."""
    while path := posixpath.dirname(path):
        yield path
