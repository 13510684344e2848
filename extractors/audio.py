"""Decoding: any file libsndfile or ffmpeg reads becomes mono float32 samples at 16 kHz, or an error with a code.

A segment is read without the rest of the file; its times count from the file's first sample, whatever its own clock
says. Audio is decoded in blocks, mixed to mono and resampled (soxr, very high quality) as it comes, so that what a file
claims never decides how much memory is taken. Where the plain mean of the channels is not the recording, the clip is
decoded again with other weights: see `aig.extractors.mixing`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aig.core.members import MemberError, container_of, real_file
from aig.core.paths import normal_below
from aig.extractors.audio_files import AudioFile, Samples, opened
from aig.extractors.errors import AudioError
from aig.extractors.mixing import ChannelStatistics
from aig.extractors.native import NativeSignal

__all__ = ["SAMPLE_RATE", "Audio", "Samples", "locate", "read_audio"]

SAMPLE_RATE = 16_000
"""Everything is measured at this rate, in Hz: the rate of Whisper and of the trainers."""

_RATES = (2_000, 768_000)
_MOST_CHANNELS = 64
_HIGHEST_PEAK = 16.0
"""Float files may exceed full scale a little; one that holds 16-bit integers as floats is a mistake."""
_SLACK_S = 0.5
"""Files end a little before their annotated or announced end; more than this is missing audio."""


@dataclass(frozen=True, slots=True)
class Audio:
    """A decoded clip.

    Attributes:
        samples: mono float32 at `SAMPLE_RATE`, full scale at 1.
        file_rate: the file's own sample rate, in Hz.
        native: what was noted of the samples at that rate; `None` for samples that come from no file.
    """

    samples: Samples
    file_rate: int
    native: NativeSignal | None = None

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.samples) / SAMPLE_RATE


def locate(root: str, path: str) -> Path:
    """The file of a clip below its dataset's root; of a clip inside a table or tar, that file with its member behind.

    Raises:
        AudioError: `path_outside_root` or `missing_audio`.
    """
    inner = normal_below(path)
    if inner is None:
        raise AudioError(
            "path_outside_root",
            f"{path!r} leads out of the dataset's root",
            "Give the path relative to the root, or move the root up.",
        )
    file = Path(root) / inner
    if not Path(root, container_of(inner)).is_file():
        raise AudioError("missing_audio", f"{path}: no such file below the dataset's root", "Put the audio there.")
    return file


@contextmanager
def _real(file: Path, stamp: str | None) -> Iterator[Path]:
    try:
        with real_file(file, stamp) as real:
            yield real
    except MemberError as error:
        raise AudioError(error.code, error.message, error.advice) from None


def read_audio(
    file: Path,
    *,
    start_s: float | None = None,
    end_s: float | None = None,
    channel: int | None = None,
    max_clip_s: float = 600.0,
    stamp: str | None = None,
) -> Audio:
    """Decodes a clip.

    Args:
        file: as `locate` gives it; any format of libsndfile (wav, flac, ogg, mp3, ...) or, of ffmpeg's, m4a, mp4, aac,
            webm, mkv, wma, amr.
        start_s: where the clip starts in the file, in seconds; `None`: at its start.
        end_s: where it ends; `None`: at the file's end. A file may end up to 0.5 s earlier.
        channel: which of the file's channels is decoded, from 0; `None`: all of them, mixed.
        max_clip_s: longest clip that is decoded.
        stamp: the clip's, by which a table or tar that was changed since is noticed; `None`: it is not looked at.

    Raises:
        AudioError: `changed_file`, `unreadable_audio`, `empty_audio`, `truncated_audio`, `segment_outside_file`,
            `too_long`, `not_finite`, `unsupported_audio`, `no_such_channel`.
    """
    start = start_s or 0.0
    if end_s is not None and not start < end_s:
        raise AudioError("empty_audio", f"the clip starts at {start} s and ends at {end_s} s", "Correct its times.")
    with _real(file, stamp) as real:
        with opened(real, start) as source:
            rate, channels, announced_s = source.rate, source.channels, source.duration_s
            if not _RATES[0] <= rate <= _RATES[1] or not 1 <= channels <= _MOST_CHANNELS:
                raise AudioError(
                    "unsupported_audio",
                    f"{file.name} announces {channels} channels at {rate} Hz",
                    f"Convert it to 1 to {_MOST_CHANNELS} channels and {_RATES[0]} to {_RATES[1]} Hz.",
                )
            mix = ChannelStatistics(channels) if channel is None else _one(channel, channels, file)
            native = NativeSignal(rate)
            samples = _decode(file, source, start, end_s, max_clip_s, native, mix)
        if isinstance(mix, ChannelStatistics) and (weights := mix.weights()) is not None:
            native = NativeSignal(rate)
            with opened(real, start) as source:
                samples = _decode(file, source, start, end_s, max_clip_s, native, weights)
    duration = len(samples) / SAMPLE_RATE
    if announced_s is not None and start >= announced_s > 0:
        raise _outside(file, start, end_s, announced_s)
    if duration == 0:
        raise AudioError("empty_audio", f"{file.name} holds no samples", "Leave the clip out, or get the file again.")
    if end_s is not None and duration < end_s - start - _SLACK_S:
        raise _outside(file, start, end_s, start + duration)
    if end_s is None and announced_s is not None and duration < announced_s - start - _SLACK_S:
        raise AudioError(
            "truncated_audio",
            f"{file.name} announces {announced_s:.2f} s and holds {start + duration:.2f} s",
            "Get the file again.",
        )
    if not np.isfinite(samples).all():
        raise AudioError("not_finite", f"{file.name} holds samples that are not finite", "Get the file again.")
    if (peak := float(np.abs(samples).max())) > _HIGHEST_PEAK:
        raise AudioError(
            "out_of_range", f"{file.name} reaches {peak:.3g} times full scale", "Scale its samples to -1 to 1."
        )
    return Audio(samples, rate, native)


def _one(channel: int, channels: int, file: Path) -> NDArray[np.float32]:
    """Weights that leave one channel."""
    if not 0 <= channel < channels:
        raise AudioError(
            "no_such_channel",
            f"{file.name} has {channels} channels, the clip is channel {channel}, counted from 0",
            "Correct the clip's channel, or get the file again.",
        )
    weights = np.zeros(channels, np.float32)
    weights[channel] = 1.0
    return weights


def _outside(file: Path, start: float, end: float | None, length: float) -> AudioError:
    to = "its end" if end is None else f"{end} s"
    return AudioError(
        "segment_outside_file",
        f"{file.name} is {length:.2f} s long, the clip goes from {start} s to {to}",
        "Correct the clip's times, or get the file again.",
    )


def _decode(
    file: Path,
    source: AudioFile,
    start: float,
    end: float | None,
    max_clip_s: float,
    native: NativeSignal,
    mix: ChannelStatistics | NDArray[np.float32],
) -> Samples:
    """Decodes and mixes a clip: to the plain mean while the channels' statistics are gathered, or by given weights."""
    import soxr

    limit = int(max_clip_s * source.rate)
    wanted = limit + 1 if end is None else min(round((end - start) * source.rate), limit + 1)
    resampler = soxr.ResampleStream(source.rate, SAMPLE_RATE, 1, dtype="float32", quality="VHQ")
    same = source.rate == SAMPLE_RATE
    parts: list[Samples] = []
    got = 0
    for block in source.blocks():
        with np.errstate(invalid="ignore", over="ignore"):  # what is not finite is refused when all is read
            block = block[: wanted - got]
            if isinstance(mix, ChannelStatistics):
                mono = block.mean(axis=1, dtype=np.float32)
                if block.shape[1] > 1:
                    mix.add(block)
            else:
                mono = block @ mix
                block = block[:, mix != 0]
        native.add(block, mono)
        got += len(mono)
        parts.append(mono if same else resampler.resample_chunk(mono))
        if got >= wanted:
            break
    if not same and got:
        parts.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
    if got > limit:
        raise AudioError(
            "too_long",
            f"{file.name}: the clip is longer than {max_clip_s:g} s",
            "Give it start_s and end_s, or raise extract.audio.max_clip_s.",
        )
    return np.concatenate(parts) if parts else np.zeros(0, np.float32)
