"""What a file seems to be, by its first bytes: for the message about a file that is not what its name says."""

from __future__ import annotations

from pathlib import Path

from aig.datasets_registry.text.text_files import utf16

__all__ = ["delimiter_of", "describe", "not_text"]

_START = 4096
_SHOWN = 80

_MAGIC = (
    (b"version https://git-lfs", "a Git LFS pointer; the file itself was not downloaded"),
    (b"PK\x03\x04", "a zip archive"),
    (b"\x1f\x8b", "gzip data"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"BZh", "bzip2 data"),
    (b"\xfd7zXZ", "xz data"),
    (b"\x28\xb5\x2f\xfd", "Zstandard data"),
    (b"\x89HDF", "an HDF5 file"),
    (b"PAR1", "a Parquet file"),
    (b"%PDF", "a PDF"),
)
_DELIMITERS = {",": "commas", "\t": "tabs", ";": "semicolons", "|": "bars"}


def describe(file: Path) -> str:
    """A noun phrase for what the file seems to be, with its first line where it is text."""
    with file.open("rb") as stream:
        start = stream.read(_START)
    if not start:
        return "empty"
    if kind := _binary(start):
        return kind
    text = _decoded(start)
    first = _first_line(text)
    if not first:
        return "empty but for blank lines"
    if first[:9].lower().startswith(("<!doctype", "<html", "<?xml")):
        return "a web page, most likely of a login or of an error"
    shown = first if len(first) <= _SHOWN else first[:_SHOWN] + "…"
    if first[0] in "{[":
        return f"JSON that begins with {shown!r}"
    most = _most(first)
    if not first.count(most):
        return f"text whose first line is {shown!r}"
    return f"a table of {first.count(most) + 1} cells between {_DELIMITERS[most]} whose first line is {shown!r}"


def not_text(file: Path) -> str:
    """What a file is that is neither UTF-8 text nor packed with gzip; empty where it is."""
    with file.open("rb") as stream:
        start = stream.read(_START)
    if utf16(start):
        return "UTF-16 text, as Excel's `Unicode text` is"
    return "" if start.startswith(b"\x1f\x8b") else _binary(start)


def _binary(start: bytes) -> str:
    for magic, kind in _MAGIC:
        if start.startswith(magic):
            return kind
    return "binary data" if b"\0" in start and not utf16(start) else ""


def delimiter_of(file: Path) -> str:
    """The delimiter of a table: of tab, comma, semicolon and bar, the one that its first line holds most of."""
    with file.open("rb") as stream:
        return _most(_first_line(_decoded(stream.read(_START))))


def _decoded(start: bytes) -> str:
    return start.decode(utf16(start) or "utf-8-sig", errors="replace")


def _first_line(text: str) -> str:
    return next((line.strip(" \r\n") for line in text.splitlines() if line.strip()), "")


def _most(line: str) -> str:
    return max(_DELIMITERS, key=line.count)
