"""The published versions of a workspace, and which of them is the current one.

    versions/v0001/          a published set, whole
    versions/v0001.json      when it was published and of what; written last, so a set without it is unfinished
    shards -> versions/v0001

`shards` is a link that is exchanged in one step, so whoever opens the set sees one version or the next, never a
mixture, and a version that is being read stays where it is. A file that two versions have in common is stored once. On
an object store, and on disks that know no links, `shards.json` names the current version instead.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from aig.core.errors import UsageError
from aig.core.storage import is_local, open_file
from aig.pipelines.workspace.workspace import Workspace, parsed_json
from aig.shards.manifest import MANIFEST, Manifest
from aig.shards.published import PublishedSet

__all__ = [
    "VERSIONS",
    "Version",
    "adopt",
    "commit",
    "current",
    "current_set",
    "make_current",
    "new_version",
    "prune",
    "remove_version",
    "version_named",
    "versions",
]

VERSIONS = "versions"
"""Folder of the workspace."""

LINK = "shards"
POINTER = "shards.json"

_RESTORE = "Restore it from a back-up. Without it the version counts as unfinished, and the next publish removes it."


@dataclass(frozen=True, slots=True)
class Version:
    """A published version.

    Attributes:
        name: `v0001` and on.
        published: when, ISO 8601, UTC.
        rows: in it.
        made_from: hash of all it was made of, by which a publish sees that it is up to date.
    """

    name: str
    published: str
    rows: int
    made_from: str

    def url(self, workspace: Workspace) -> str:
        """Address of the set."""
        return workspace.url(VERSIONS, self.name)


def versions(workspace: Workspace) -> list[Version]:
    """The versions that are kept, the oldest first."""
    return list(_read(workspace))


def _read(workspace: Workspace) -> Iterator[Version]:
    for file in workspace.state(VERSIONS):
        if file[0].endswith(".json"):
            yield _version(workspace.url(VERSIONS, file[0]), file)


@lru_cache(maxsize=64)
def _version(url: str, _state: tuple[str, int, str]) -> Version:
    """What a file says of a version; each state of it is read once a process."""
    with open_file(url) as stream:
        return Version(**parsed_json(url, stream.read(), _RESTORE))


def current(workspace: Workspace) -> Version | None:
    """The version that readers see; `None` where nothing is published."""
    name = None
    if (link := _link(workspace)) is not None and link.is_symlink():
        name = link.readlink().name
    elif pointer := workspace.read_json(POINTER):
        name = pointer["version"]
    return next((version for version in _read(workspace) if version.name == name), None)


def current_set(workspace: Workspace) -> str | None:
    """Address of the published set as a reader opens it; `None` where nothing is published."""
    now = current(workspace)
    if now is None:
        return workspace.url(LINK) if workspace.exists(LINK, MANIFEST) else None
    link = _link(workspace)
    return workspace.url(LINK) if link is not None and link.is_symlink() else now.url(workspace)


def version_named(workspace: Workspace, name: str) -> Version:
    """The version of that name.

    Raises:
        UsageError: there is none.
    """
    known = {version.name: version for version in _read(workspace)}
    if name not in known:
        raise UsageError(
            f"the workspace has no version {name!r}",
            f"It has: {', '.join(known)}." if known else "Nothing has been published yet: `aig publish CONFIG`.",
        )
    return known[name]


def adopt(workspace: Workspace) -> None:
    """Makes the set of a workspace that knew no versions its first version."""
    if (link := _link(workspace)) is not None and link.is_dir() and not link.is_symlink():
        if not (link / MANIFEST).exists():
            return  # not a set; publishing says so
        name, folder = new_version(workspace)
        Path(folder).parent.mkdir(exist_ok=True)
        link.rename(folder)
        commit(workspace, name, workspace.read_text("shards.made_from") or "")
        make_current(workspace, version_named(workspace, name))
        workspace.remove("shards.made_from")


def new_version(workspace: Workspace) -> tuple[str, str]:
    """Name and address of the next version; what an unfinished publish left there is removed."""
    done = {version.name for version in _read(workspace)}
    for folder in workspace.folders(VERSIONS):
        if folder not in done:
            workspace.remove(VERSIONS, folder)
    last = max((int(name[1:]) for name in done), default=0)
    name = f"v{last + 1:04d}"
    return name, workspace.target(VERSIONS, name)


def commit(workspace: Workspace, name: str, made_from: str) -> Version:
    """Says that a version is whole, after storing what it has in common with another only once."""
    manifest = PublishedSet(workspace.url(VERSIONS, name)).manifest()
    if is_local(workspace.root):
        _share(workspace, name, manifest)
    version = Version(name, datetime.now(UTC).isoformat(timespec="seconds"), manifest.rows, made_from)
    workspace.write_text(json.dumps(asdict(version), indent=1) + "\n", VERSIONS, f"{name}.json")
    return version


def _share(workspace: Workspace, name: str, manifest: Manifest) -> None:
    """Replaces files by links to the same content in the version before."""
    others = versions(workspace)
    if not others:
        return
    folder = Path(others[-1].url(workspace))
    known = {entry.sha256: folder / entry.path for entry in PublishedSet(str(folder)).manifest().files}
    for entry in manifest.files:
        if (same := known.get(entry.sha256)) and same.exists() and _sha256(same) == entry.sha256:
            file = Path(workspace.url(VERSIONS, name)) / entry.path
            fresh = file.with_name(f".{file.name}.link")
            with contextlib.suppress(OSError):  # a disk without links keeps both files
                fresh.unlink(missing_ok=True)
                os.link(same, fresh)
                fresh.replace(file)


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def make_current(workspace: Workspace, version: Version) -> None:
    """Has readers see a version, in one step."""
    link = _link(workspace)
    if link is not None:
        fresh = link.with_name(f".{LINK}.{os.getpid()}")
        try:
            fresh.unlink(missing_ok=True)
            fresh.symlink_to(Path(VERSIONS) / version.name, target_is_directory=True)
            fresh.replace(link)
        except OSError:
            fresh.unlink(missing_ok=True)
        else:
            return
    workspace.write_text(json.dumps({"version": version.name}) + "\n", POINTER)


def prune(workspace: Workspace, keep: int) -> list[str]:
    """Removes the oldest versions beyond the number to keep, never the current one; returns their names."""
    now = current(workspace)
    old = [version for version in versions(workspace)[:-keep] if now is None or version.name != now.name]
    for version in old:
        remove_version(workspace, version)
    return [version.name for version in old]


def remove_version(workspace: Workspace, version: Version) -> None:
    """Removes a version; where it is the current one, nothing is published any more."""
    now = current(workspace)
    if now is not None and now.name == version.name:
        if (link := _link(workspace)) is not None and link.is_symlink():
            link.unlink()
        workspace.remove(POINTER)
    workspace.remove(VERSIONS, f"{version.name}.json")
    workspace.remove(VERSIONS, version.name)


def _link(workspace: Workspace) -> Path | None:
    return Path(workspace.url(LINK)) if is_local(workspace.root) else None
