"""Opening audio files: libsndfile first, ffmpeg's libraries (PyAV) for what it does not know."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

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
    """The file opened by the first library that knows it, placed at `start`."""
    import av
    import soundfile

    try:
        if file.stat().st_size == 0:
            raise AudioError("empty_audio", f"{file.name} has no bytes", "Get the file again.")
        try:
            source: AudioFile = _SndFile(file, start)
        except soundfile.LibsndfileError:
            source = _Ffmpeg(file, start)
        with closing(source):
            yield source
    except (soundfile.LibsndfileError, av.FFmpegError, OSError, ValueError, RuntimeError) as error:
        why = getattr(error, "error_string", None) or getattr(error, "strerror", None) or str(error)
        raise AudioError(
            "unreadable_audio", f"{file.name} cannot be decoded: {why}", "Get the file again, or convert it to WAV."
        ) from error


_LENGTHS = re.compile(r"^ *(?:data|SSND|riff) : (\d+) \(should be (\d+)\)", re.MULTILINE)
_UNKNOWN_LENGTH = 0x7FFFFFFF
"""Programs that write to a pipe cannot know the length and announce this or more."""


def _ends_properly(file: Path) -> bool:
    """Whether the last page of an Ogg file is marked as the last one (RFC 3533, section 6)."""
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 0x10000))  # a page has less than 64 KB
        tail = stream.read()
    page = tail.rfind(b"OggS")
    return page >= 0 and len(tail) > page + 5 and bool(tail[page + 5] & 4)


class _SndFile:
    """A file read by libsndfile."""

    def __init__(self, file: Path, start: float) -> None:
        import soundfile

        self._file = soundfile.SoundFile(file)
        self.rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        frames = self._file.frames
        self.duration_s: float | None = frames * self._announced() / self.rate if self.rate else None
        if self._file.format == "OGG" and not _ends_properly(file):
            raise AudioError("truncated_audio", f"{file.name} stops before its last Ogg page", "Get the file again.")
        if start:
            self._file.seek(min(round(start * self.rate), frames))

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


# A playlist or an image sequence could make ffmpeg open other files or addresses: only plain containers are read.
_FFMPEG_OPTIONS = {
    "protocol_whitelist": "file",
    "format_whitelist": "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,mp3,ogg,flac,wav,w64,asf,amr,ac3,eac3,aiff,caf,avi,"
    "flv,mpegts,wv,ape,tta,dts",
}


class _Ffmpeg:
    """A file read by ffmpeg's libraries (PyAV): containers that libsndfile does not know."""

    def __init__(self, file: Path, start: float) -> None:
        import av

        self._container = av.open(str(file), options=_FFMPEG_OPTIONS, metadata_errors="replace")
        if not self._container.streams.audio:
            raise ValueError("it has no audio stream")
        self._stream = self._container.streams.audio[0]
        if self._stream.codec_context is None:
            raise ValueError("its codec is unknown")
        self._stream.codec_context.thread_count = 1
        self.rate: int = self._stream.codec_context.sample_rate or 0
        self.channels: int = self._stream.codec_context.channels or 0
        length = self._stream.duration
        self.duration_s: float | None = (
            float(length * self._stream.time_base) if length and self._stream.time_base else None
        )
        self._start = start
        if start:
            self._container.seek(int(max(0.0, start - 0.5) * av.time_base))

    def blocks(self) -> Iterator[Samples]:
        import av

        to_float = av.AudioResampler(format="fltp")
        first = True
        for frame in self._container.decode(self._stream):
            for part in to_float.resample(frame):
                block = part.to_ndarray().T.astype(np.float32, copy=False)
                if first and self._start:
                    skip = round((self._start - (part.time or 0.0)) * self.rate)
                    if skip >= len(block):
                        continue
                    block = block[max(0, skip) :]
                first = False
                yield block

    def close(self) -> None:
        self._container.close()
