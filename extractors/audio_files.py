"""Opening audio files: libsndfile first, ffmpeg's libraries (PyAV) for what it does not know."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from aig.extractors.audio_parts import Part, PartStream, find_parts
from aig.extractors.errors import AudioError

__all__ = ["AudioFile", "Samples", "opened"]

Samples = NDArray[np.float32]

_BLOCK = 1 << 19
"""Samples (over all channels) decoded at a time: 2 MB."""


class AudioFile(Protocol):
    """An open file, placed where the clip starts.

    Attributes:
        rate: samples per second.
        channels: their number.
        duration_s: length that the file announces, in seconds; `None` where it does not.
    """

    rate: int
    channels: int
    duration_s: float | None

    def blocks(self) -> Iterator[Samples]:
        """Samples from here to the file's end, in arrays of frames by channels, full scale at 1."""
        ...

    def close(self) -> None:
        """Closes the file."""
        ...


@contextmanager
def opened(file: Path, start: float) -> Iterator[AudioFile]:
    """The file opened by the first library that knows it, placed at `start`, in seconds from its first sample."""
    import av
    import soundfile

    try:
        if file.stat().st_size == 0:
            raise AudioError("empty_audio", f"{file.name} has no bytes", "Get the file again.")
        parts = find_parts(file)
        with closing(_Joined(file, parts, start) if len(parts) > 1 else _open(file, *parts, start=start)) as source:
            yield source
    except (soundfile.LibsndfileError, av.FFmpegError, OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
        raise AudioError(
            "unreadable_audio", f"{file.name} cannot be decoded: {why}", "Get the file again, or convert it to WAV."
        ) from error


def _open(file: Path, part: Part | None = None, *, start: float) -> AudioFile:
    import soundfile

    if part is None or part.indexed:
        try:
            return _SndFile(file, start, part)
        except soundfile.LibsndfileError:
            if part is not None:
                raise
    return _Ffmpeg(file, start, part)


_LENGTHS = re.compile(r"^ *(?:data|SSND|riff) : (\d+) \(should be (\d+)\)", re.MULTILINE)
_UNKNOWN_LENGTH = 0x7FFFFFFF
"""Programs that write to a pipe cannot know the length and announce this or more."""

_LONGEST = 1 << 48
"""More samples than this are no length: libsndfile's number where a header leaves it open."""


def _ends_properly(file: Path) -> bool:
    """Whether the last page of an Ogg file is marked as the last one (RFC 3533, section 6)."""
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 0x10000))  # a page has less than 64 KB
        tail = stream.read()
    page = tail.rfind(b"OggS")
    return page >= 0 and len(tail) > page + 5 and bool(tail[page + 5] & 4)


class _SndFile:
    """A file read by libsndfile."""

    def __init__(self, file: Path, start: float, part: Part | None = None) -> None:
        import soundfile

        self._stream = PartStream(file, part) if part else None
        self._file = soundfile.SoundFile(self._stream or file)
        self.rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        self.frames: int = self._file.frames
        if self.frames > _LONGEST:
            self.close()
            raise soundfile.LibsndfileError(1, f"{file.name} does not tell its length: ")
        self.duration_s: float | None = self.frames * self._announced() / self.rate if self.rate else None
        if self._file.format == "OGG" and not _ends_properly(file):
            self.close()
            raise AudioError("truncated_audio", f"{file.name} stops before its last Ogg page", "Get the file again.")
        if start:
            self._file.seek(min(round(start * self.rate), self.frames))

    def _announced(self) -> float:
        """How much audio the header announces, as a multiple of what there is; libsndfile notes it in its log."""
        found = _LENGTHS.search(self._file.extra_info)
        announced, held = (int(found[1]), int(found[2])) if found else (0, 0)
        return announced / held if held and held < announced < _UNKNOWN_LENGTH else 1.0

    def blocks(self) -> Iterator[Samples]:
        frames = max(1, _BLOCK // self.channels)
        while len(block := self._file.read(frames, dtype="float32", always_2d=True)):
            yield block

    def close(self) -> None:
        self._file.close()
        if self._stream:
            self._stream.close()


# A playlist or an image sequence could make ffmpeg open other files or addresses: only plain containers are read.
_FFMPEG_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,mp3,ogg,flac,wav,w64,asf,amr,ac3,eac3,aiff,caf,avi,"
    "flv,mpegts,wv,ape,tta,dts",
}

_BARE_STREAMS = frozenset(("aac", "mp3", "amr", "ac3", "eac3", "dts", "flac", "ogg"))
"""Formats without a clock of their own, in which a place in time is a guess: they are decoded from their start."""

_GAP_S = 0.25
"""A stream's clock may run ahead of its samples by this much before the difference counts as silence."""


class _Ffmpeg:
    """A file read by ffmpeg's libraries (PyAV): containers that libsndfile does not know."""

    def __init__(self, file: Path, start: float, part: Part | None = None) -> None:
        import av

        source = PartStream(file, part) if part else str(file)
        self._container = av.open(source, "r", options=_FFMPEG_OPTIONS, metadata_errors="replace")
        if not self._container.streams.audio:
            raise ValueError("it has no audio stream")
        self._stream = self._container.streams.audio[0]
        if self._stream.codec_context is None:
            raise ValueError("its codec is unknown")
        self._stream.codec_context.thread_count = 1
        self.rate: int = self._stream.codec_context.sample_rate or 0
        self.channels: int = self._stream.codec_context.channels or 0
        length, base = self._stream.duration, self._stream.time_base
        self.duration_s: float | None = float(length * base) if length and base else None
        self._skip_s = start
        self._has_clock = not set(self._container.format.name.split(",")) & _BARE_STREAMS
        self._origin_s: float | None = None
        if start and self._has_clock:
            # A stream may start late on its own clock; a clip's times count from its first sample all the same.
            first = next(self._container.decode(self._stream), None)
            self._origin_s = first.time or 0.0 if first else 0.0
            self._container.seek(int((self._origin_s + max(0.0, start - 0.5)) * av.time_base))

    def blocks(self) -> Iterator[Samples]:
        import av

        to_float = av.AudioResampler(format="fltp", layout=self._stream.layout.name, rate=self.rate)
        skip = round(self._skip_s * self.rate)
        at: int | None = None
        for frame in self._container.decode(self._stream):
            if self._has_clock and frame.time is not None:
                self._origin_s = frame.time if self._origin_s is None else self._origin_s
                place = round((frame.time - self._origin_s) * self.rate)
                at = place if at is None else at
                missing = 0
                if place - at > _GAP_S * self.rate:
                    missing, at = max(0, place - max(at, skip)), place
                while missing:
                    few = min(missing, _BLOCK // self.channels)
                    yield np.zeros((few, self.channels), np.float32)
                    missing -= few
            for part in to_float.resample(frame):
                block = part.to_ndarray().T.astype(np.float32, copy=False)
                at = (at or 0) + len(block)
                if at > skip:
                    yield block[max(0, len(block) - (at - skip)) :]

    def close(self) -> None:
        self._container.close()


class _Joined:
    """Files that lie one after the other in one, read as one."""

    def __init__(self, file: Path, parts: Sequence[Part], start: float) -> None:
        self._file, self._parts, self._start = file, parts, start
        with closing(_open(file, parts[0], start=0.0)) as first:
            self.rate, self.channels = first.rate, first.channels
        self.duration_s: float | None = None

    def blocks(self) -> Iterator[Samples]:
        import soxr

        skip = round(self._start * self.rate)
        for part in self._parts:
            with closing(_open(self._file, part, start=0.0)) as source:
                resample = soxr.ResampleStream(source.rate, self.rate, self.channels, dtype="float32", quality="VHQ")
                last = np.zeros((0, self.channels), np.float32)
                for block in chain(source.blocks(), [None]):
                    own = last if block is None else self._own_channels(block)
                    if source.rate != self.rate:
                        own = resample.resample_chunk(own, last=block is None)
                    skipped = min(skip, len(own))
                    skip -= skipped
                    if len(own) > skipped:
                        yield own[skipped:]

    def _own_channels(self, block: Samples) -> Samples:
        if block.shape[1] == self.channels:
            return block
        return np.repeat(block.mean(axis=1, dtype=np.float32, keepdims=True), self.channels, axis=1)

    def close(self) -> None:
        """Nothing stays open."""
