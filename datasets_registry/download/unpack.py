"""Unpacks untrusted archives safely: no path traversal, no links, no zip bombs."""

from __future__ import annotations

import shutil
import tarfile
import uuid
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from aig.core.errors import DataError
from aig.core.storage import whole_file
from aig.datasets_registry.files import inside
from aig.datasets_registry.text.text_rows import MalformedRowError

__all__ = ["unpack"]

MAX_RATIO = 100
"""An archive may become this many times as large; audio packs to half, tables to a twentieth."""

ALWAYS_ALLOWED = 100 << 20
"""Bytes that may come out of any archive, however small."""

_CHUNK = 1 << 20

Member = tuple[str, Iterable[bytes]]


def unpack(archive: Path, target: Path, volumes: tuple[Path, ...] = ()) -> int:
    """Unpacks a zip, tar or 7z archive below a folder; each file appears whole. Returns how many there were.

    What is there under the same name is replaced. Permissions and owners in the archive are not taken over.

    Args:
        archive: the archive, of a split zip the last volume.
        target: the folder.
        volumes: the volumes of a split zip that come before.

    Raises:
        DataError: the archive is damaged, holds a link or a path that leads out of the target, or grows too large.
    """
    packed = sum(file.stat().st_size for file in (*volumes, archive))
    allowed = max(ALWAYS_ALLOWED, MAX_RATIO * packed)
    target.mkdir(parents=True, exist_ok=True)
    try:
        count = 0
        for name, chunks in _members(archive, volumes, target, allowed):
            allowed -= _write(target, name, chunks, archive, allowed)
            count += 1
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(f"{archive} is damaged: {error}", "Remove it and run the same command again.") from error
    return count


def _write(target: Path, name: str, chunks: Iterable[bytes], archive: Path, allowed: int) -> int:
    try:
        path = target / inside(target, name)
    except MalformedRowError as error:
        raise DataError(f"{archive}: {error.message}; nothing was written there", _DISTRUST) from None
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.parent.resolve().is_relative_to(target.resolve()):
        raise DataError(f"{archive}: {name!r} leads out of {target} by a link", _DISTRUST)
    written = 0
    with whole_file(path, durable=False) as file:
        for chunk in chunks:
            written += len(chunk)
            if written > allowed:
                raise DataError(f"{archive} grows to more than {MAX_RATIO} times its size", _DISTRUST)
            file.write(chunk)
    return written


_DISTRUST = "Do not trust this archive: see the dataset's page whether it is the owners' own."


def _members(archive: Path, volumes: tuple[Path, ...], target: Path, allowed: int) -> Iterator[Member]:
    if volumes:
        return _split_zip((*volumes, archive))
    if archive.suffix == ".7z":
        return _seven_zip(archive, target, allowed)
    if zipfile.is_zipfile(archive):
        return _zip(archive)
    return _tar(archive)


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    with stream:
        while chunk := stream.read(_CHUNK):
            yield chunk


def _zip(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as content:
        for member in content.infolist():
            if (member.external_attr >> 28) == 0xA:
                raise DataError(f"{archive} holds the link {member.filename!r}", _DISTRUST)
            if not member.is_dir():
                yield member.filename, _chunks(content.open(member))


def _tar(archive: Path) -> Iterator[Member]:
    with tarfile.open(archive, "r|*") as content:
        for member in content:
            if member.issym() or member.islnk() or member.isdev():
                raise DataError(f"{archive} holds the link or device {member.name!r}", _DISTRUST)
            stream = content.extractfile(member) if member.isreg() else None
            if stream is not None:
                yield member.name, _chunks(stream)


def _split_zip(volumes: tuple[Path, ...]) -> Iterator[Member]:
    """Members of a zip in volumes, read as one stream: the index at its end counts in volumes and is of no use."""
    from stream_unzip import UnzipError, stream_unzip

    def content() -> Iterator[bytes]:
        for number, volume in enumerate(volumes):
            with volume.open("rb") as stream:
                # The first volume of a split archive begins with a mark of four bytes.
                if number == 0 and stream.read(4) != b"PK\x07\x08":
                    stream.seek(0)
                yield from _chunks(stream)

    def sound(chunks: Iterable[Any]) -> Iterator[Any]:
        # What is wrong shows up wherever the stream is read: between members and within one.
        try:
            yield from chunks
        except UnzipError as error:
            raise DataError(
                f"{volumes[-1]} is damaged: {type(error).__name__}",
                "Remove its volumes and run the same command again.",
            ) from error

    for name, _, chunks in sound(stream_unzip(content())):
        text = name.decode(errors="replace")
        if text.endswith("/"):
            for _ in chunks:
                pass
        else:
            yield text, sound(chunks)


def _seven_zip(archive: Path, target: Path, allowed: int) -> Iterator[Member]:
    """Members of a 7z archive, which can only be unpacked as a whole: into a folder of its own first."""
    import py7zr

    room = target / f".{uuid.uuid4().hex[:8]}.partial"
    try:
        with py7zr.SevenZipFile(archive) as content:
            members = content.list()
            if sum(member.uncompressed or 0 for member in members) > allowed:
                raise DataError(f"{archive} grows to more than {MAX_RATIO} times its size", _DISTRUST)
            content.extractall(room)  # noqa: S202 - py7zr refuses paths that leave the folder, sizes were checked
        for file in sorted(room.rglob("*")):
            if file.is_symlink():
                raise DataError(f"{archive} holds the link {file.name!r}", _DISTRUST)
            if file.is_file():
                yield file.relative_to(room).as_posix(), _chunks(file.open("rb"))
                file.unlink()
    except py7zr.exceptions.ArchiveError as error:
        raise DataError(f"{archive} is damaged: {error}", "Remove it and run the same command again.") from error
    finally:
        shutil.rmtree(room, ignore_errors=True)
