"""Decoding: any file libsndfile or ffmpeg reads becomes mono float32 samples at 16 kHz, or an error with a code.

A segment is read without the rest of the file. Audio is decoded in blocks, mixed to mono and resampled (soxr, very
high quality) as it comes, so that what a file claims never decides how much memory is taken.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["SAMPLE_RATE", "Audio", "AudioError", "Samples", "locate", "read_audio"]

Samples = NDArray[np.float32]

SAMPLE_RATE = 16_000
"""Everything is measured at this rate, in Hz: the rate of Whisper and of the trainers."""

_BLOCK = 1 << 19
"""Samples (over all channels) decoded at a time: 2 MB."""

_RATES = (2_000, 768_000)
_MOST_CHANNELS = 64
_SLACK_S = 0.5
"""Files end a little before their annotated or announced end; more than this is missing audio."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A decoded clip.

    Attributes:
        samples: mono float32 at `SAMPLE_RATE`, full scale at 1.
        file_rate: the file's own sample rate, in Hz.
    """

    samples: Samples
    file_rate: int

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE


class AudioError(Exception):
    """Audio that cannot be measured: a short stable code, what is wrong, and what to do about it."""

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(code, message, advice)
        self.code = code
        self.message = message
        self.advice = advice


def locate(root: str, path: str) -> Path:
    """The file of a clip below its dataset's root.

    Raises:
        AudioError: `path_outside_root` or `missing_audio`.
    """
    inner = posixpath.normpath(path)
    if "\0" in path or posixpath.isabs(inner) or inner.split("/")[0] == "..":
        raise AudioError(
            "path_outside_root",
            f"{path!r} leads out of the dataset's root",
            "give the path relative to the root, or move the root up",
        )
    file = Path(root) / inner
    if not file.is_file():
        raise AudioError("missing_audio", f"{path}: no such file below the dataset's root", "put the audio there")
    return file


def read_audio(
    file: Path, *, start_s: float | None = None, end_s: float | None = None, max_clip_s: float = 600.0
) -> Audio:
    """Decodes a clip.

    Args:
        file: any format of libsndfile (wav, flac, ogg, mp3, ...) or, of ffmpeg's, m4a, mp4, aac, webm, mkv, wma, amr.
        start_s: where the clip starts in the file, in seconds; `None`: at its start.
        end_s: where it ends; `None`: at the file's end. A file may end up to 0.5 s earlier.
        max_clip_s: longest clip that is decoded.

    Raises:
        AudioError: `unreadable_audio`, `empty_audio`, `truncated_audio`, `segment_outside_file`, `too_long`,
            `not_finite`, `unsupported_audio`.
    """
    start = start_s or 0.0
    if end_s is not None and not start < end_s:
        raise AudioError("empty_audio", f"the clip starts at {start} s and ends at {end_s} s", "correct its times")
    with _opened(file, start) as source:
        rate, channels, announced_s = source.rate, source.channels, source.duration_s
        if not _RATES[0] <= rate <= _RATES[1] or not 1 <= channels <= _MOST_CHANNELS:
            raise AudioError(
                "unsupported_audio",
                f"{file.name} announces {channels} channels at {rate} Hz",
                f"convert it: 1 to {_MOST_CHANNELS} channels, {_RATES[0]} to {_RATES[1]} Hz",
            )
        samples = _decode(file, source, start, end_s, max_clip_s)
    duration = len(samples) / SAMPLE_RATE
    if announced_s is not None and start >= announced_s > 0:
        raise _outside(file, start, end_s, announced_s)
    if duration == 0:
        raise AudioError("empty_audio", f"{file.name} holds no samples", "leave the clip out or get the file again")
    if end_s is not None and duration < end_s - start - _SLACK_S:
        raise _outside(file, start, end_s, start + duration)
    if end_s is None and announced_s is not None and duration < announced_s - start - _SLACK_S:
        raise AudioError(
            "truncated_audio",
            f"{file.name} announces {announced_s:.2f} s and holds {start + duration:.2f} s",
            "get the file again",
        )
    if not np.isfinite(samples).all():
        raise AudioError("not_finite", f"{file.name} holds samples that are not finite", "get the file again")
    return Audio(samples, rate)


def _outside(file: Path, start: float, end: float | None, length: float) -> AudioError:
    to = "its end" if end is None else f"{end} s"
    return AudioError(
        "segment_outside_file",
        f"{file.name} is {length:.2f} s long, the clip goes from {start} s to {to}",
        "correct the clip's times or get the file again",
    )


def _decode(file: Path, source: Any, start: float, end: float | None, max_clip_s: float) -> Samples:
    import soxr

    wanted_s = max_clip_s + 1 / SAMPLE_RATE if end is None else min(end - start, max_clip_s + 1 / SAMPLE_RATE)
    wanted = round(wanted_s * source.rate)
    resampler = soxr.ResampleStream(source.rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")
    same = source.rate == SAMPLE_RATE
    parts: list[Samples] = []
    got = 0
    for block in source.blocks():
        mono = block[: wanted - got].mean(axis=1, dtype=np.float32)
        got += len(mono)
        parts.append(mono if same else resampler.resample_chunk(mono))
        if got >= wanted:
            break
    if not same and got:
        parts.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    if got > max_clip_s * source.rate:
        raise AudioError(
            "too_long",
            f"{file.name}: the clip is longer than {max_clip_s:g} s",
            "give it start_s and end_s, or raise extract.audio.max_clip_s",
        )
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)


@contextmanager
def _opened(file: Path, start: float) -> Iterator[Any]:
    """The file opened by the first library that knows it, placed at `start`."""
    import av
    import soundfile

    try:
        if file.stat().st_size == 0:
            raise AudioError("empty_audio", f"{file.name} has no bytes", "get the file again")
        try:
            source: Any = _SndFile(file, start)
        except soundfile.LibsndfileError:
            source = _Ffmpeg(file, start)
        with closing(source):
            yield source
    except (soundfile.LibsndfileError, av.FFmpegError, OSError, ValueError, RuntimeError) as error:
        raise AudioError(
            "unreadable_audio", f"{file.name} cannot be decoded: {error}", "get the file again, or convert it to wav"
        ) from error


class _SndFile:
    """A file read by libsndfile."""

    def __init__(self, file: Path, start: float) -> None:
        import soundfile

        self._file = soundfile.SoundFile(file)
        self.rate: int = self._file.samplerate
        self.channels: int = self._file.channels
        frames = self._file.frames
        self.duration_s: float | None = frames / self.rate if self.rate else None
        if start:
            self._file.seek(min(round(start * self.rate), frames))

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
