"""A file that anybody may fetch, as a value; `aig.datasets_registry.download.pull` fetches it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Download"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """A file of a dataset that is open over HTTP.

    Attributes:
        url: where it lies.
        to: where it goes, relative to the dataset's root: a file, or the folder that an archive is unpacked into.
        checksum: `md5:<hex>`, `sha1:<hex>` or `sha256:<hex>` as the owners publish it; empty where they publish none.
        size: bytes, for the check of disk space; 0 where unknown.
        unpack: whether it is an archive (zip, tar, tar.gz) to be unpacked.
        part: the download part it belongs to; empty: always fetched.
        volumes: volumes of a split archive that come before this one, which must be the last; files fetched by
            downloads of their own, relative to the root.
        makes: folders or files below the root of which one is there once it was unpacked, by us or by hand.
    """

    url: str
    to: str
    checksum: str = ""
    size: int = 0
    unpack: bool = False
    part: str = ""
    volumes: tuple[str, ...] = ()
    makes: tuple[str, ...] = ()
