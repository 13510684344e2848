"""A published set replaces the one before it as a whole.

Everything is written into a hidden folder first: beside the set where the set is on a local disk, else in a temporary
folder. Only when all of it is there does it move into place: the old manifest goes first and the new one comes last.
A publish that is killed while it writes leaves the set before it untouched; one that is killed while it moves leaves
a set without a manifest, which `aig.shards.validator.validate` reports and the next publish completes.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from aig.core.errors import UsageError
from aig.core.locks import only_holder
from aig.core.storage import filesystem
from aig.core.temporary import temporary_folder
from aig.shards.manifest import MANIFEST, is_shard
from aig.shards.published import local_folder

__all__ = ["Staging", "staging"]

HIDDEN = ".publishing"


class Staging:
    """A folder to write a set into, and its move into place.

    Attributes:
        folder: where the files of the set are written, under their paths inside the set.
    """

    def __init__(self, folder: Path, out_url: str) -> None:
        self.folder = folder
        self._out_url = out_url

    def discard(self, path: Path) -> None:
        """Removes intermediate files, which are not part of the set."""
        shutil.rmtree(path)

    def commit(self, manifest: bytes) -> None:
        """Moves everything in `folder` into place, removes shards of the set before, writes the manifest last."""
        fs, root = filesystem(self._out_url)
        local = local_folder(self._out_url)
        old = f"{root}/{MANIFEST}"
        if fs.exists(old):
            fs.rm_file(old)
        new = {path.relative_to(self.folder).as_posix(): path for path in self.folder.rglob("*") if path.is_file()}
        for name, path in sorted(new.items()):
            if local is None:
                fs.put_file(str(path), f"{root}/{name}")
            else:
                target = local / name
                target.parent.mkdir(parents=True, exist_ok=True)
                path.replace(target)
        for folder in ("data", "lineage", "audio"):
            for path in fs.find(f"{root}/{folder}"):
                name = path[path.index(f"{root}/") + len(root) + 1 :]
                if is_shard(name) and name not in new:
                    fs.rm_file(path)
        final = self.folder / MANIFEST
        final.write_bytes(manifest)
        if local is None:
            fs.put_file(str(final), old)
        else:
            final.replace(local / MANIFEST)
        fs.invalidate_cache()


@contextlib.contextmanager
def staging(out_url: str) -> Iterator[Staging]:
    """A fresh staging folder for a set, removed afterwards; what an earlier publish left behind is removed before.

    Raises:
        DataError: another publish is writing this set.
        UsageError: the place is a file.
    """
    local = local_folder(out_url)
    if local is None:
        with temporary_folder("publish") as name:
            yield Staging(Path(name), out_url)
        return
    try:
        local.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise UsageError(f"{local} is not a folder", "Name a folder to publish into.") from error
    hidden = local / HIDDEN
    lock = local / f"{HIDDEN}.lock"
    with only_holder(str(lock), f"the folder {local}", "Wait for that publish to end, or stop it."):
        shutil.rmtree(hidden, ignore_errors=True)
        hidden.mkdir()
        try:
            yield Staging(hidden, out_url)
        finally:
            shutil.rmtree(hidden, ignore_errors=True)
            lock.unlink(missing_ok=True)
