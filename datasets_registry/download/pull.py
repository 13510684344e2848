"""Gets what is open of a dataset: the files its owners serve over HTTP, several at a time, resumable and checked."""

from __future__ import annotations

import json
import os
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from aig.core.errors import DataError, UsageError
from aig.datasets_registry.dataset import Dataset
from aig.datasets_registry.download import http
from aig.datasets_registry.download.unpack import unpack
from aig.datasets_registry.downloads import Download

__all__ = ["Pulled", "Wanted", "marker_of", "pull", "wanted"]

FILES_AT_ONCE = 4
_MARKERS = ".completed"
_GB = 1e9


@dataclass(frozen=True, slots=True)
class Wanted:
    """A download that is not complete yet.

    Attributes:
        download: what it is.
        file: where the file, or the archive before it is unpacked, goes.
        size: its bytes, 0 where nobody says.
    """

    download: Download
    file: Path
    size: int


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did.

    Attributes:
        fetched: files that came.
        there: files that were there already.
        failed: message of each download that did not come.
    """

    fetched: int
    there: int
    failed: tuple[str, ...]


def wanted(dataset: Dataset, root: Path, parts: Sequence[str] = ()) -> list[Wanted]:
    """The dataset's downloads that are not complete below the root, with their sizes asked of the servers.

    Args:
        dataset: which.
        root: its folder; need not exist.
        parts: download parts; empty: the dataset's `pull_parts`.
    """
    open_ones = [_wanted(download, root) for download in dataset.downloads if _asked(dataset, download, parts)]
    missing = [item for item in open_ones if not _is_complete(item, root)]
    with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
        sizes = pool.map(lambda item: item.size or http.size_of(item.download.address()), missing)
        return [Wanted(item.download, item.file, size) for item, size in zip(missing, sizes, strict=True)]


def pull(
    dataset: Dataset,
    root: Path,
    parts: Sequence[str] = (),
    on_bytes: Callable[[int], None] | None = None,
    missing: Sequence[Wanted] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Pulled:
    """Fetches what is open of a dataset and is not there yet, and unpacks archives.

    Interrupted, the same call resumes. A file that cannot be downloaded does not stop the others.

    Args:
        dataset: which.
        root: its folder; made where it is missing.
        parts: as for `wanted`.
        on_bytes: told how many bytes have come, from several threads.
        missing: what `wanted` found a moment ago; `None`: it is asked here.
        headers: sent with each request, such as a login.

    Raises:
        DataError: the disk has no room for what is missing.
        UsageError: the root cannot be written to.
    """
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make the folder {root}: {error.strerror}", "Choose another `root`.") from None
    missing = wanted(dataset, root, parts) if missing is None else missing
    check_room(dataset, root, missing)

    stopping = threading.Event()

    def sleep(seconds: float) -> None:
        if stopping.wait(seconds):
            raise KeyboardInterrupt

    def came(size: int) -> None:
        # Interrupted, the other files must stop too, not run on for hours; what came of them is kept.
        if stopping.is_set():
            raise KeyboardInterrupt
        if on_bytes:
            on_bytes(size)

    def one(item: Wanted) -> str | None:
        try:
            download = item.download
            http.fetch(
                download.address(),
                item.file,
                download.checksum,
                came,
                mirrors=download.mirrors,
                headers=headers,
                shown=download.url,
                sleep=sleep,
            )
            if not item.download.unpack:
                _mark(item, root)
        except DataError as error:
            return str(error)
        except BaseException:
            stopping.set()
            raise
        return None

    with ThreadPoolExecutor(FILES_AT_ONCE) as pool:
        try:
            failed = [message for message in pool.map(one, missing) if message]
        except BaseException:
            stopping.set()
            pool.shutdown(cancel_futures=True)
            raise
    _tidy({item.file.parent / http.STAGING for item in missing})
    # An archive is unpacked when it and all volumes before it are there, one at a time: the disk is what limits.
    for item in missing:
        if item.download.unpack and item.file.exists():
            failed += _unpack(item, root)
    total = sum(_asked(dataset, download, parts) for download in dataset.downloads)
    return Pulled(len(missing) - len(failed), total - len(missing), tuple(failed))


def _tidy(folders: set[Path]) -> None:
    """Removes the folders of files that were not whole, unless some still are not."""
    for folder in folders:
        if folder.is_dir() and not any(folder.glob("*.partial")):
            shutil.rmtree(folder)


def check_room(dataset: Dataset, root: Path, missing: Sequence[Wanted]) -> None:
    """Checks that the disk has room for what is missing; an archive needs it twice, packed and unpacked.

    Raises:
        DataError: it has not.
    """
    needed = sum(item.size * (2 if item.download.unpack or _is_volume(item, missing) else 1) for item in missing)
    free = shutil.disk_usage(root).free
    if needed > free:
        raise DataError(
            f"{dataset.name}: about {needed / _GB:.1f} GB are needed at {root}, {free / _GB:.1f} GB are free",
            "Make room, choose another `root`, or name fewer `parts`.",
        )


def _is_volume(item: Wanted, among: Sequence[Wanted]) -> bool:
    return any(item.download.to in other.download.volumes for other in among)


def _asked(dataset: Dataset, download: Download, parts: Sequence[str]) -> bool:
    if download.key and not os.environ.get(download.key):
        return False
    return not download.part or download.part in (parts or dataset.pull_parts)


def _wanted(download: Download, root: Path) -> Wanted:
    if download.unpack:
        archive = download.archive or unquote(Path(urlsplit(download.url).path).name)
        return Wanted(download, root / archive, download.size)
    return Wanted(download, root / download.to, download.size)


def _unpack(item: Wanted, root: Path) -> list[str]:
    volumes = tuple(root / volume for volume in item.download.volumes)
    if lacking := [volume.name for volume in volumes if not volume.exists()]:
        return [f"{item.file.name} waits for {', '.join(lacking)}"]
    try:
        unpack(item.file, root / item.download.to, volumes)
    except DataError as error:
        return [str(error)]
    _mark(item, root)
    for file in (item.file, *volumes):
        file.unlink()
    return []


def marker_of(path: str) -> str:
    """The file that says that a download is complete, relative to the root, by where its file or archive goes."""
    return f"{_MARKERS}/{path}.json"


def _marker(item: Wanted, root: Path) -> Path:
    return root / marker_of(item.file.relative_to(root).as_posix())


def _mark(item: Wanted, root: Path) -> None:
    """Leaves a marker that the download is complete, and of which version."""
    marker = _marker(item, root)
    marker.parent.mkdir(parents=True, exist_ok=True)
    marker.write_text(json.dumps({"url": item.download.url, "checksum": item.download.checksum}) + "\n")


def _is_complete(item: Wanted, root: Path) -> bool:
    """Whether nothing is left to do: marked so, or unpacked by somebody else."""
    marker = _marker(item, root)
    if marker.exists():
        known = json.loads(marker.read_text())
        fits = known == {"url": item.download.url, "checksum": item.download.checksum}
        # Of an archive in volumes nothing is left but what came out of it.
        made = any((root / made).exists() for made in item.download.makes)
        return bool(fits and (item.download.unpack or made or item.file.exists()))
    # With the archive still there, what came out of it may be half of it.
    begun = item.file.exists() or (item.file.parent / http.STAGING / f"{item.file.name}.partial").exists()
    return not begun and any((root / made).exists() for made in item.download.makes)
