"""A folder of the Hugging Face hub as downloads, with the sizes and checksums of the hub's own listing."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import PurePosixPath

from aig.core.errors import DataError, UsageError
from aig.core.extras import missing_extra
from aig.core.paths import normal_below
from aig.datasets_registry.download.pull import marker_of
from aig.datasets_registry.downloads import Download

__all__ = ["MIRRORS", "HubFolder", "hub_folder"]

MIRRORS: dict[str, dict[str, tuple[str, ...]]] = {
    "audioset": {"agkphysics/AudioSet": ()},
    "audioset_strong": {"cvssp/WavCaps": ("Zip_files/AudioSet_SL/*",)},
    "vggsound": {"Loie/VGGSound": ("vggsound_*.tar.gz",)},
    "fsd50k": {"Fhrozen/FSD50k": ()},
    "audiocaps": {"OpenSound/AudioCaps": (), "jp1924/AudioCaps": ()},
    "freesound": {"cvssp/WavCaps": ("Zip_files/FreeSound/*",)},
    "libritts": {"mythicinfinity/libritts": ()},
    "libritts_r": {"mythicinfinity/libritts_r": ()},
    "fma": {"benjamin-paine/free-music-archive-large": (), "benjamin-paine/free-music-archive-full": ()},
}
"""Repositories that hold a dataset's audio, and which of their files; empty: all. By their pages, none was fetched."""

_ARCHIVES = (".zip", ".tar.gz", ".tgz", ".7z")


@dataclass(frozen=True, slots=True)
class HubFolder:
    """What a repository of datasets on the hub holds at one commit.

    Attributes:
        repo: `owner/name`.
        revision: the commit; the same for all files, whatever happens to the repository meanwhile.
        licence: as its card states it; empty where it does not.
        downloads: its files.
        headers: what each request needs to be let in.
    """

    repo: str
    revision: str
    licence: str
    downloads: tuple[Download, ...]
    headers: dict[str, str]


def hub_folder(repo: str, include: Sequence[str] = ()) -> HubFolder:
    """Lists a repository of datasets; needs the extra `huggingface`.

    Args:
        repo: `owner/name`, with `@<revision>` behind where not the newest is wanted.
        include: patterns of paths, such as `data/bal_train/*`; empty: all files.

    Raises:
        UsageError: `huggingface_hub` is not installed, or there is no such repository, or no file fits.
        DataError: the hub cannot be asked.
    """
    try:
        import httpx2
        from huggingface_hub import HfApi, get_token, hf_hub_url
        from huggingface_hub.errors import (
            GatedRepoError,
            HfHubHTTPError,
            HFValidationError,
            RepositoryNotFoundError,
            RevisionNotFoundError,
        )
        from huggingface_hub.hf_api import RepoFile
    except ImportError:
        raise missing_extra("a mirror on the Hugging Face hub needs huggingface_hub", "huggingface") from None
    name, _, revision = repo.partition("@")
    endpoint = os.environ.get("HF_ENDPOINT") or None
    api = HfApi(endpoint=endpoint)
    try:
        about = api.dataset_info(name, revision=revision or None)
        commit = about.sha or revision or "main"
        listed = api.list_repo_tree(name, recursive=True, revision=commit, repo_type="dataset")
        files = [item for item in listed if isinstance(item, RepoFile)]
    except GatedRepoError:
        raise UsageError(
            f"{name} is open only to people whom its owners let in.",
            f"Ask for it on https://huggingface.co/datasets/{name}, then set HF_TOKEN.",
        ) from None
    except RepositoryNotFoundError:
        raise UsageError(
            f"There is no dataset {name} on the hub.", "Check its name; a private one needs HF_TOKEN."
        ) from None
    except (RevisionNotFoundError, HFValidationError) as error:
        raise UsageError(f"{repo} is not a dataset of the hub: {_first_line(error)}", "Check its name.") from None
    except (HfHubHTTPError, httpx2.HTTPError, OSError) as error:
        raise DataError(f"The hub cannot be asked for {name}: {_first_line(error)}", "Try again later.") from None
    wanted = [file for file in files if _is_wanted(file.path, include)]
    if not wanted:
        raise UsageError(
            f"{name} holds no file that fits {', '.join(include) or 'anything'}.",
            f"It has: {', '.join(sorted({PurePosixPath(file.path).parts[0] for file in files})[:20]) or 'nothing'}.",
        )
    downloads = []
    for file in wanted:
        if normal_below(file.path) != file.path or file.path.startswith("."):
            continue
        checksum = f"sha256:{file.lfs.sha256}" if file.lfs else f"blob:{file.blob_id}"
        url = hf_hub_url(name, file.path, repo_type="dataset", revision=commit, endpoint=endpoint)
        size = file.lfs.size if file.lfs else file.size
        downloads.append(_download(file.path, url, checksum, size, {one.path for one in wanted}))
    card = about.card_data.get("license") if about.card_data else None
    licence = ", ".join(card) if isinstance(card, list) else str(card or "")
    token = get_token()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return HubFolder(name, commit, licence, tuple(downloads), headers)


def _download(path: str, url: str, checksum: str, size: int, among: Collection[str]) -> Download:
    """A file of the hub; an archive that cannot be read in place is unpacked where it lies."""
    if path.endswith(_ARCHIVES):
        volume = re.compile(re.escape(path.removesuffix(".zip")) + r"\.z\d+")
        found = (other for other in among if volume.fullmatch(other))
        volumes = tuple(sorted(found, key=lambda other: int(other.rpartition(".z")[2])))  # .z99 before .z100
        folder = posixpath.dirname(path)
        return Download(url=url, to=folder, archive=path, checksum=checksum, size=size, unpack=True, volumes=volumes)
    last = re.sub(r"\.z\d+$", ".zip", path)
    makes = (marker_of(last),) if last != path and last in among else ()
    return Download(url=url, to=path, checksum=checksum, size=size, makes=makes)


def _is_wanted(path: str, include: Sequence[str]) -> bool:
    return not include or any(fnmatchcase(path, pattern) for pattern in include)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
