"""What a file truly holds where its header says too little: joined files, chained Ogg, lengths not brought up to date.

Decoders believe headers: of two files one after the other in one they read the first, of a WAV file whose length was
written too early what is announced, of an MP3 file of variable rate without an index, or with a wrong one, a guess.
`find_parts` finds such files by their own structure and says how to read all of them.
"""

from __future__ import annotations

import io
import mmap
import re
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

__all__ = ["Part", "PartStream", "find_parts"]

Bytes = bytes | mmap.mmap

_SLACK = 4_096
"""Bytes after the announced end that are not worth a look: tags, padding to a block."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a file that is a whole file by itself.

    Attributes:
        start: its first byte.
        stop: the byte after its last.
        patch: where in the part other bytes are to be read than are there: position and bytes.
        indexed: whether libsndfile reads it whole; false for MP3 without a Xing or VBRI frame, and for MP4.
    """

    start: int
    stop: int
    patch: tuple[int, bytes] | None = None
    indexed: bool = True


def find_parts(file: Path) -> list[Part]:
    """The parts of a file that a decoder would not read whole by itself; empty for all others."""
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as content:
        size = len(content)
        if content[:4] == b"OggS":
            starts = list(_ogg_starts(content))
            return [Part(at, end) for at, end in _stretches(starts, size)] if len(starts) > 1 else []
        if content[:4] in _WALKS:
            starts = list(_form_starts(content))
            if len(starts) == 1:
                patch = _length_patch(content)
                return [Part(0, size, patch)] if patch else []
            return [Part(at, end, _length_patch(content[at:end])) for at, end in _stretches(starts, size)]
        if content[:4] == b"fLaC":
            starts = [match.start() for match in _FLAC.finditer(content)]
            return [Part(at, end) for at, end in _stretches(starts, size)] if len(starts) > 1 else []
        if content[4:8] == b"ftyp":
            starts = list(_mp4_starts(content))
            return [Part(at, end, indexed=False) for at, end in _stretches(starts, size)] if len(starts) > 1 else []
        return list(_mp3_parts(content)) if _is_mp3(content) else []


class PartStream(io.RawIOBase):
    """A part of a file as a binary stream by itself."""

    def __init__(self, file: Path, part: Part) -> None:
        super().__init__()
        self._stream: BinaryIO = file.open("rb")
        self._part = part
        self._at = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes from the part's start."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves within the part."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._part.stop - self._part.start}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        """Reads from here into a buffer; returns the number of bytes."""
        view = memoryview(buffer).cast("B")
        wanted = max(0, min(len(view), self._part.stop - self._part.start - self._at))
        self._stream.seek(self._part.start + self._at)
        content = bytearray(self._stream.read(wanted))
        if self._part.patch:
            place, new = self._part.patch
            for index, byte in enumerate(new, place - self._at):
                if 0 <= index < len(content):
                    content[index] = byte
        view[: len(content)] = content
        self._at += len(content)
        return len(content)

    def close(self) -> None:
        """Closes the file."""
        self._stream.close()
        super().close()


def _ogg_starts(content: Bytes) -> Iterator[int]:
    """Where the links of an Ogg chain begin: first pages of streams that come after data (RFC 3533, section 4)."""
    at, in_data = 0, True
    while 0 <= at <= len(content) - 27:
        if content[at : at + 4] != b"OggS":
            at = content.find(b"OggS", at + 1)
            continue
        first = bool(content[at + 5] & 2)
        if first and in_data:
            yield at
        in_data = not first
        segments = content[at + 26]
        at += 27 + segments + sum(content[at + 27 : at + 27 + segments])


def _stretches(starts: Sequence[int], size: int) -> Iterator[tuple[int, int]]:
    return zip(starts, [*starts[1:], size], strict=True)


_FLAC = re.compile(rb"fLaC[\x00\x80]\x00\x00\x22")
"""The beginning of a FLAC file: its mark and the header of its first block, always 34 bytes long (RFC 9639)."""


def _form_starts(content: Bytes) -> Iterator[int]:
    """Where the WAV or AIFF files begin that lie one after the other, each where the one before says that it ends."""
    at: int | None = 0
    while at is not None:
        yield at
        order = ">" if content[at : at + 4] in (b"FORM", b"RIFX") else "<"
        chunks = _chunks(content, order, at + 12) if content[:4] != b".snd" else ()
        kinds = (b"WAVE", b"AIFF", b"AIFC")
        at = next((to - 8 for name, to, _ in chunks if name in _WALKS and content[to : to + 4] in kinds), None)


def _mp4_starts(content: Bytes) -> Iterator[int]:
    """Where the MP4 files begin that lie one after the other: at each box that names a file's type."""
    at = 0
    while at + 8 <= len(content):
        size, kind = struct.unpack_from(">I4s", content, at)
        if kind == b"ftyp":
            yield at
        if size == 1 and at + 16 <= len(content):
            (size,) = struct.unpack_from(">Q", content, at + 8)
        if size < 8:
            return
        at += size


def _length_patch(content: Bytes) -> tuple[int, bytes] | None:
    """The length field of the samples brought up to date, where it says less than there is."""
    place, form, start, declared = _WALKS[content[:4]](content)
    if not place or not start <= len(content):
        return None
    end = start + declared
    rest = content[end : end + 12]
    if len(content) - end <= (_SLACK if declared else 0) or rest[:3] in (b"ID3", b"TAG", b"APE"):
        return None
    if content[:4] != b".snd" and any(_is_chunk(content, at) for at in (end, end + declared % 2)):
        return None
    if declared and not content[end:].strip(b"\0"):
        return None  # padding to the end of a block
    extra = 8 if content[:4] == b"FORM" else 0
    return place, struct.pack(form, _before_last_chunk(content, start) - start + extra)


def _riff(content: Bytes) -> tuple[int, str, int, int]:
    """Where a WAV file's length of the samples is and in which form, where they start, how many bytes it says."""
    order = ">" if content[:4] == b"RIFX" else "<"
    wide = 0
    for name, at, size in _chunks(content, order):
        if name == b"ds64" and at + 16 <= len(content):
            wide = at + 8
        if name == b"data":
            if wide and size == 0xFFFFFFFF:
                return wide, order + "Q", at, struct.unpack_from(order + "Q", content, wide)[0]
            return at - 4, order + "I", at, size
    return 0, "", 0, 0


def _form(content: Bytes) -> tuple[int, str, int, int]:
    """The same of an AIFF file."""
    for name, at, size in _chunks(content, ">"):
        if name == b"SSND":
            return at - 4, ">I", at + 8, max(0, size - 8)
    return 0, "", 0, 0


def _au(content: Bytes) -> tuple[int, str, int, int]:
    """The same of a Sun file."""
    if len(content) < 24:
        return 0, "", 0, 0
    start, declared = struct.unpack_from(">II", content, 4)
    return 8, ">I", start, declared


_WALKS = {b"RIFF": _riff, b"RIFX": _riff, b"RF64": _riff, b"BW64": _riff, b"FORM": _form, b".snd": _au}


def _chunks(content: Bytes, order: str, at: int = 12) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and announced size of each chunk from the one on that begins here."""
    while at + 8 <= len(content):
        name, size = struct.unpack_from(order + "4sI", content, at)
        yield name, at + 8, size
        at += 8 + size + size % 2


def _is_chunk(content: Bytes, at: int) -> bool:
    """Whether another chunk begins here: a printable name and a size that fits into the file."""
    if at + 8 > len(content) or not all(32 <= byte < 127 for byte in content[at : at + 4]):
        return False
    order = "<" if content[:1] == b"R" and content[:4] != b"RIFX" else ">"
    return bool(struct.unpack_from(order + "I", content, at + 4)[0] <= len(content) - at - 8)


def _before_last_chunk(content: Bytes, start: int) -> int:
    """Where the samples end: at a list of tags that ends with the file, or at the file's end."""
    for match in re.finditer(rb"LIST|id3 |bext|cue |fact|ID3 ", content[max(start, len(content) - 65_536) :]):
        at = max(start, len(content) - 65_536) + match.start()
        size = int.from_bytes(content[at + 4 : at + 8], "big" if content[:4] == b"FORM" else "little")
        if 0 <= len(content) - (at + 8 + size) <= 1:
            return at
    return len(content)


_BITRATES = {
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""kbit/s by version of MPEG (2.5 as 2) and layer, from index 1 on (ISO 11172-3, ISO 13818-3)."""

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
"""Hz by the two bits of the version."""

_INDEX = re.compile(rb"Xing|Info|VBRI")


def _frame_bytes(content: Bytes, at: int) -> int:
    """Length of the MPEG audio frame that begins here, in bytes; 0 where none does."""
    if at < 0 or at + 4 > len(content):
        return 0
    header = int.from_bytes(content[at : at + 4], "big")
    version, layer = header >> 19 & 3, 4 - (header >> 17 & 3)
    bitrate, rate, padding = header >> 12 & 15, header >> 10 & 3, header >> 9 & 1
    if header >> 21 != 0x7FF or version == 1 or layer == 4 or bitrate in (0, 15) or rate == 3:
        return 0
    kbps = _BITRATES[1 if version == 3 else 2, layer][bitrate - 1]
    hertz = _RATES[version][rate]
    if layer == 1:
        return (12_000 * kbps // hertz + padding) * 4
    return (72_000 if layer == 3 and version != 3 else 144_000) * kbps // hertz + padding


def _first_frame(content: Bytes, at: int, reach: int) -> int:
    """Where the next frame begins that another follows, at most `reach` bytes on; -1 where none does."""
    while content[at : at + 3] == b"ID3" and at + 10 <= len(content):
        size = content[at + 6 : at + 10]
        at += 10 + (size[0] << 21 | size[1] << 14 | size[2] << 7 | size[3])
    last = min(at + reach, len(content) - 4)
    while 0 <= at <= last:
        length = _frame_bytes(content, at)
        if length and (_frame_bytes(content, at + length) or at + length == len(content)):
            return at
        at = content.find(b"\xff", at + 1)
    return -1


def _is_mp3(content: Bytes) -> bool:
    return content[:3] == b"ID3" or bool(_frame_bytes(content, 0))


def _mp3_parts(content: Bytes) -> Iterator[Part]:
    """The MP3 files that lie one after the other, unless it is one with an index."""
    parts: list[Part] = []
    at = _first_frame(content, 0, 65_536)
    start = 0
    while at >= 0:
        indexed, end = _index(content, at)
        follows = [place for place in _index_frames(content, at + 4) if place < end] if not indexed else []
        stop = follows[0] if follows else min(end, len(content))
        following = _first_frame(content, stop, 2_048) if stop < len(content) - _SLACK // 16 else -1
        if following < 0:
            stop = len(content)
        parts.append(Part(start, stop, indexed=indexed))
        start, at = stop, following
    if len(parts) > 1 or not all(part.indexed for part in parts):
        yield from parts


def _index(content: Bytes, at: int) -> tuple[bool, int]:
    """Whether the frame here is an index that tells the length, and where the file ends that it indexes."""
    head = content[at : at + 4 + 32 + 120]
    found = _INDEX.search(head)
    if not found or at + found.start() not in _index_places(content, at):
        return False, len(content)
    place = found.start()
    if found[0] == b"VBRI":
        return True, at + int.from_bytes(head[place + 10 : place + 14], "big")
    flags = int.from_bytes(head[place + 4 : place + 8], "big")
    size = int.from_bytes(head[place + 12 : place + 16], "big") if flags & 2 else 0
    end = at + size if size else next(_index_frames(content, at + 4), len(content))
    announced = int.from_bytes(head[place + 8 : place + 12], "big") if flags & 1 else 0
    if _frames(content, at, end) > announced + _FRAMES_SLACK:
        return False, len(content)
    return True, end


_FRAMES_SLACK = 2
"""Frames that an index may not count: itself, and an empty one at the end."""

_COUNTED = 20_000


def _frames(content: Bytes, at: int, end: int) -> float:
    """How many frames follow one another from here on; after nine minutes, as many as there are by their mean size."""
    start, count = at, 0
    while at < end and (length := _frame_bytes(content, at)):
        count, at = count + 1, at + length
        if count == _COUNTED:
            return count * (end - start) / (at - start) * 0.9
    return count


def _index_places(content: Bytes, at: int) -> Sequence[int]:
    """Where an index may lie in the frame here: after its side information, with or without a checksum."""
    return [at + 4 + side for side in (9, 17, 32)] if _frame_bytes(content, at) else []


def _index_frames(content: Bytes, start: int) -> Iterator[int]:
    """The frames from `start` on that are an index, each the first of a file."""
    for match in _INDEX.finditer(content, start):
        for side in (9, 17, 32):
            at = match.start() - 4 - side
            length = _frame_bytes(content, at)
            if at >= start and length and (_frame_bytes(content, at + length) or at + length >= len(content)):
                yield at
                break
