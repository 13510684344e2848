"""A workspace as the run that holds it sees it: a store is asked once what there is, a thousand files an answer."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aig.core.storage import is_local
from aig.pipelines.workspace.workspace import Workspace

__all__ = ["Held"]

_TABLES = frozenset({"answers", "clips", "features", "qa", "quarantine", "selection", "verdicts"})
"""Folders that nobody writes to but the stages, by the methods of a workspace, and their workers."""


@dataclass(frozen=True)
class Held(Workspace):
    """A workspace that nobody else writes to meanwhile: what a store listed is remembered until something is written.

    On a disk, where looking costs nothing, and in workers, it is the plain workspace.
    """

    _listed: dict[str, Mapping[str, dict[str, Any]]] = field(default_factory=dict, compare=False, repr=False)
    """By top folder what lies below it, by path in the workspace."""
    _texts: dict[str, str | None] = field(default_factory=dict, compare=False, repr=False)
    """Small files that were read, as they are listed."""
    _written: set[str] = field(default_factory=set, compare=False, repr=False)
    """Folders that were written to since: they are listed each time."""

    def __reduce__(self) -> tuple[type[Workspace], tuple[str]]:
        return Workspace, (self.root,)

    def forget(self) -> None:
        """Forgets what was listed: workers have written."""
        self._listed.clear()
        self._texts.clear()
        self._written.clear()

    def target(self, *names: str) -> str:
        """Address that a file is written to."""
        self._wrote(*names[:-1])
        return super().target(*names)

    def remove(self, *names: str) -> None:
        """Removes a file, or a folder with all it holds; nothing happens where there is none."""
        if self.exists(*names):
            self._wrote(*names)
            super().remove(*names)

    def exists(self, *names: str) -> bool:
        """Whether a file or folder is there."""
        path = posixpath.join(*names)
        if not self._knows(path) or not self._knows(posixpath.dirname(path) or path):
            return super().exists(*names)
        below = self._below(names[0])
        return path in below or any(known.startswith(f"{path}/") for known in below)

    def folders(self, *folder: str) -> list[str]:
        """Names of the folders in a folder, sorted."""
        path = posixpath.join(*folder)
        if not self._knows(path):
            return super().folders(*folder)
        inside = (known.removeprefix(f"{path}/") for known in self._below(folder[0]) if known.startswith(f"{path}/"))
        return sorted({rest.partition("/")[0] for rest in inside if "/" in rest})

    def _files(self, *folder: str) -> Mapping[str, dict[str, Any]]:
        path = posixpath.join(*folder) if folder else ""
        if not self._knows(path):
            return super()._files(*folder)
        below = self._below(folder[0])
        return {posixpath.basename(known): info for known, info in below.items() if posixpath.dirname(known) == path}

    def read_text(self, *names: str) -> str | None:
        """Text of a small file, or `None` where there is none."""
        path = posixpath.join(*names)
        if not self._knows(posixpath.dirname(path)):
            return super().read_text(*names)
        if path not in self._texts:
            self._texts[path] = super().read_text(*names) if self.exists(*names) else None
        return self._texts[path]

    def _wrote(self, *folder: str) -> None:
        self._written.update(posixpath.join(*folder[:depth]) for depth in range(1, len(folder) + 1))

    def _knows(self, folder: str) -> bool:
        """Whether a folder is as it was listed: a table's, on a store, and nothing was written to it since."""
        return not is_local(self.root) and folder.partition("/")[0] in _TABLES and folder not in self._written

    def _below(self, top: str) -> Mapping[str, dict[str, Any]]:
        if top not in self._listed:
            fs, root = self._filesystem
            fs.invalidate_cache()
            found = fs.find(posixpath.join(root, top), detail=True)
            self._listed[top] = {posixpath.relpath(path, root): info for path, info in found.items()}
        return self._listed[top]
