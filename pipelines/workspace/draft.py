"""A draft of a workspace: what is written or removed in it stays in a folder aside, and the workspace as it is.

By it the stages themselves say what they would do: a plan runs the cheap ones on a draft and looks at what came of it.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aig.pipelines.workspace.workspace import Workspace

__all__ = ["Draft"]


@dataclass(frozen=True)
class Draft(Workspace):
    """A workspace that reads as the one at `root` does, and keeps changes to itself.

    Attributes:
        root: of the workspace, which is never written to.
        scratch: an empty local folder for what is written.
    """

    scratch: str = ""
    _removed: set[str] = field(default_factory=set)

    def url(self, *names: str) -> str:
        """Where a file is read: aside, if it was written or removed in the draft."""
        key = posixpath.join(*names) if names else ""
        changed = Path(self.scratch, key)
        return str(changed) if self._gone(key) or (names and changed.is_file()) else super().url(*names)

    def target(self, *names: str) -> str:
        """Where a file is written: aside."""
        self._removed.discard(posixpath.join(*names))
        return str(Path(self.scratch, *names))

    def exists(self, *names: str) -> bool:
        """Whether a file or folder is there."""
        if Path(self.scratch, *names).exists():
            return True
        return not self._gone(posixpath.join(*names)) and super().exists(*names)

    def _files(self, *folder: str) -> Mapping[str, dict[str, Any]]:
        there = super()._files(*folder)
        files = {name: info for name, info in there.items() if not self._gone(posixpath.join(*folder, name))}
        aside = Path(self.scratch, *folder)
        for path in aside.iterdir() if aside.is_dir() else ():
            if path.is_file():
                files[path.name] = {"size": path.stat().st_size, "mtime": path.stat().st_mtime}
        return files

    def folders(self, *folder: str) -> list[str]:
        """Names of the folders in a folder, sorted."""
        aside = Path(self.scratch, *folder)
        written = {path.name for path in aside.iterdir() if path.is_dir()} if aside.is_dir() else set()
        return sorted(written | set(super().folders(*folder)))

    def remove(self, *names: str) -> None:
        """Has the draft forget a file, or a folder with all it holds."""
        self._removed.add(posixpath.join(*names))
        Path(self.scratch, *names).unlink(missing_ok=True)

    def _gone(self, key: str) -> bool:
        return any(key == removed or key.startswith(f"{removed}/") for removed in self._removed)
