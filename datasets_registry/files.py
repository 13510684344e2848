"""Which audio files are on this disk: paths that stay below a root; one look at a folder instead of one per clip."""

from __future__ import annotations

import posixpath
from pathlib import Path

from datasets_registry.lines import Malformed

__all__ = ["inside"]


def inside(root: Path, path: str) -> str:
    """A path from untrusted text, relative to the root with `/`.

    Raises:
        Malformed: it leads out of the root, or is none at all.
    """
    text = path.replace("\\", "/") if "/" not in path else path
    if text.startswith("/"):
        folder = root.absolute().as_posix().rstrip("/") + "/"
        text = text[len(folder) :] if text.startswith(folder) else ".."
    normal = posixpath.normpath(text)
    if normal in (".", "..") or normal.startswith(("../", "/")) or "\0" in normal:
        raise Malformed(
            f"the path {path!r} leads out of the root {root}",
            column="path",
            code="path_outside_root",
            advice="Write paths relative to the root, or set `root` to the folder that holds all of them.",
        )
    return normal
