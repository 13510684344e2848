"""A published set on the Hugging Face hub: which commit is meant, and its files in the hub's own cache."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import unquote

from aig.core.errors import UsageError
from aig.core.extras import missing_extra

__all__ = ["HubFiles", "endpoint", "is_hub"]

_ADDRESS = re.compile(r"hf://datasets/(?P<repo>[^/@]+/[^/@]+)(?:@(?P<revision>[^/]+))?(?P<inside>(?:/[^/]+)*)/?")


def is_hub(url: str) -> bool:
    """Whether an address is one of the hub."""
    return url.startswith("hf://")


def endpoint() -> str | None:
    """The hub's own address where the environment names another than the public one."""
    return os.environ.get("HF_ENDPOINT") or None


class HubFiles:
    """The files of a dataset's repository at one commit, whatever is pushed to it meanwhile.

    Args:
        url: `hf://datasets/OWNER/NAME`, with `@<tag, branch or commit>` behind where not the newest is wanted.

    Attributes:
        repo: `OWNER/NAME`.
        commit: of the files.
        address: of the set at that commit.

    Raises:
        UsageError: it is not such an address, or `huggingface_hub` is not installed.
        huggingface_hub.errors.HfHubHTTPError: the hub does not have it, or does not let it be read.
    """

    def __init__(self, url: str) -> None:
        found = _ADDRESS.fullmatch(url)
        if found is None:
            raise UsageError(f"{url} is not a dataset of the hub", "Write hf://datasets/OWNER/NAME or ...NAME@TAG.")
        try:
            from huggingface_hub import HfApi
        except ImportError as error:
            raise missing_extra(f"{url} needs huggingface_hub, which is not installed", "huggingface") from error
        self.repo = found["repo"]
        self._inside = found["inside"].strip("/")
        revision = unquote(found["revision"]) if found["revision"] else None
        self.commit = str(HfApi(endpoint=endpoint()).dataset_info(self.repo, revision=revision).sha)
        self.address = f"hf://datasets/{self.repo}@{self.commit}" + (f"/{self._inside}" if self._inside else "")

    def download(self, path: str) -> Path:
        """A file of the set in the hub's cache on this disk; fetched where it is not there yet.

        Raises:
            FileNotFoundError: the commit does not have it.
            ConnectionError: the hub cannot be reached.
            huggingface_hub.errors.HfHubHTTPError: the hub does not let it be read.
        """
        from huggingface_hub import hf_hub_download
        from huggingface_hub.errors import LocalEntryNotFoundError, RemoteEntryNotFoundError
        from huggingface_hub.utils import disable_progress_bars  # type: ignore[attr-defined]

        disable_progress_bars()
        name = f"{self._inside}/{path}" if self._inside else path
        try:
            file = hf_hub_download(
                self.repo, name, repo_type="dataset", revision=self.commit, endpoint=endpoint(), etag_timeout=30
            )
        except RemoteEntryNotFoundError as error:
            raise FileNotFoundError(path) from error
        except LocalEntryNotFoundError as error:  # a FileNotFoundError, though it says that nobody could be asked
            raise ConnectionError(f"the hub cannot be reached for {path}") from error
        return Path(file)

    def folder_of(self, path: str) -> Path:
        """The folder on this disk that downloaded files of the set lie in, under their paths in it."""
        return self.download(path).parents[path.count("/")]
