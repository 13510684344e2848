"""A file that anybody may fetch, as a value; `aig.datasets_registry.download.pull` fetches it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from urllib.parse import quote

__all__ = ["Download"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file of a dataset that is open over HTTP, or with a key that one asks for.

    Attributes:
        url: where it lies; `{key}` in it stands for the access key.
        to: where it goes, relative to the dataset's root: a file, or the folder that an archive is unpacked into.
        checksum: `md5:<hex>`, `sha1:<hex>` or `sha256:<hex>` as the owners publish it; empty where they publish none.
        size: bytes, for the check of disk space; 0 where unknown.
        unpack: whether it is an archive (zip, tar, tar.gz) to be unpacked.
        archive: where the archive lies until then, relative to the root; empty: at the root, by the URL's last part.
        part: the download part it belongs to; empty: always fetched.
        volumes: volumes of a split archive that come before this one, which must be the last; files fetched by
            downloads of their own, relative to the root.
        makes: folders or files below the root of which one exists once it is unpacked, by us or manually.
        mirrors: where else it lies, tried in this order where the first server does not have it.
        key: name of the environment variable that holds the access key; without it the file is left out.
    """

    url: str
    to: str
    checksum: str = ""
    size: int = 0
    unpack: bool = False
    archive: str = ""
    part: str = ""
    volumes: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
    mirrors: tuple[str, ...] = ()
    key: str = ""

    def address(self) -> str:
        """The URL with the access key in it, which is not to be shown."""
        return self.url.replace("{key}", quote(os.environ.get(self.key, ""), safe="")) if self.key else self.url
