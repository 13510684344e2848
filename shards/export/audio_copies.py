"""The audio of exports: 16 kHz copies of one channel, links, or the files where they are.

A copy's name holds what it was made from, so a copy whose clip has changed is made again, and an interrupted export
continues with the copies that are missing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt

from aig.core.errors import UsageError
from aig.shards.export.files import whole_file
from aig.shards.export.form import Form, Options, Sound
from aig.shards.feature_names import feature_name

__all__ = ["RATE", "AudioSource", "Copies", "Place", "copy_name", "encoded"]

RATE = 16_000
"""Hertz: what the trainers' feature extractors expect."""

_LONGEST = 180

Samples = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a clip's audio is on this machine.

    Attributes:
        file: the audio file.
        whole: whether the clip is all of that file, so that the file can stand for the clip.
        stamp: changes whenever what would be read changes.
    """

    file: Path
    whole: bool
    stamp: str


class AudioSource(Protocol):
    """Gives the audio of a set's clips."""

    def place(self, audio_id: str) -> Place | None:
        """Where the clip is; `None` where its audio is not on this machine."""

    def read(self, audio_id: str) -> Samples | None:
        """Its samples at `RATE`, one channel, in -1 to 1; `None` where they cannot be read."""


def copy_name(audio_id: str, stamp: str, suffix: str) -> str:
    """File name of a clip's copy: its feature name and eight digits of what it was made from."""
    name = feature_name(audio_id)
    if len(name.encode()) > _LONGEST:
        digest = hashlib.sha256(audio_id.encode()).hexdigest()[:16]
        name = f"{name.encode()[: _LONGEST - 17].decode(errors='ignore')}_{digest}"
    return f"{name}-{hashlib.sha256(f'{audio_id} {stamp}'.encode()).hexdigest()[:8]}{suffix}"


def encoded(samples: Samples, suffix: str) -> bytes:
    """Samples at `RATE` as a FLAC or WAV file of 16 bits; what lies beyond -1 to 1 is clipped."""
    import soundfile

    stream = BytesIO()
    form = {".flac": "FLAC", ".wav": "WAV"}[suffix]
    soundfile.write(stream, np.clip(samples, -1, 1), RATE, format=form, subtype="PCM_16")
    return stream.getvalue()


class Copies:
    """Gives each clip's `Sound`, and makes what it needs: may be called from several threads.

    Args:
        source: where the audio is.
        form: the export.
        options: what it was told.
        folder: of the copies and links.
    """

    def __init__(self, source: AudioSource, form: Form, options: Options, folder: Path) -> None:
        self._source, self._form, self._options = source, form, options
        self._folder = folder.resolve()

    def sound(self, audio_id: str) -> tuple[Sound, bool] | str:
        """A clip's audio, and whether it was cut; or, in a few words, why there is none."""
        place = self._source.place(audio_id)
        if place is None:
            return "audio not on this machine"
        if self._form.audio == "inside":
            return self._inside(audio_id)
        if self._options.audio == "copy":
            return self._copy(audio_id, place)
        return self._as_it_is(audio_id, place)

    def _samples(self, audio_id: str) -> tuple[Samples, bool] | None:
        samples = self._source.read(audio_id)
        if samples is None:
            return None
        most = self._options.max_seconds
        cut = most is not None and len(samples) > round(most * RATE)
        return (samples[: round(most * RATE)], True) if cut and most is not None else (samples, False)

    def _inside(self, audio_id: str) -> tuple[Sound, bool] | str:
        found = self._samples(audio_id)
        if found is None:
            return "audio cannot be read"
        samples, cut = found
        return Sound(len(samples) / RATE, content=encoded(samples, self._form.suffix)), cut

    def _copy(self, audio_id: str, place: Place) -> tuple[Sound, bool] | str:
        most = self._options.max_seconds
        for cut in (False, True) if most is not None else (False,):
            known = self._folder / copy_name(audio_id, f"{place.stamp} {most if cut else ''}", self._form.suffix)
            if known.exists() and (seconds := _seconds(known)) and (cut or most is None or seconds <= most):
                return Sound(seconds, str(known)), cut
        found = self._samples(audio_id)
        if found is None:
            return "audio cannot be read"
        samples, cut = found
        target = self._folder / copy_name(audio_id, f"{place.stamp} {most if cut else ''}", self._form.suffix)
        with whole_file(target) as stream:
            stream.write(encoded(samples, self._form.suffix))
        return Sound(len(samples) / RATE, str(target)), cut

    def _as_it_is(self, audio_id: str, place: Place) -> tuple[Sound, bool] | str:
        if not place.whole:
            return "clip is a part of its file (--audio copy cuts it out)"
        seconds = _seconds(place.file)
        if seconds is None:
            return "audio cannot be read without decoding (--audio copy decodes it)"
        if self._options.max_seconds is not None and seconds > self._options.max_seconds:
            return "clip is longer than --max-seconds (--audio copy cuts it)"
        file = place.file.resolve()
        if self._options.audio == "path":
            return Sound(seconds, str(file)), False
        link = self._folder / copy_name(audio_id, place.stamp, file.suffix)
        try:
            link.parent.mkdir(parents=True, exist_ok=True)
            if not link.exists():
                link.unlink(missing_ok=True)
                link.symlink_to(file)
        except FileExistsError:
            pass  # another thread linked the same file
        except OSError as error:
            raise UsageError(f"{link} cannot be made: {error.strerror}", "Use --audio copy.") from error
        return Sound(seconds, str(link)), False


def _seconds(file: Path) -> float | None:
    """Length of an audio file by its header; `None` where libsndfile does not read it."""
    import soundfile

    try:
        return float(soundfile.info(str(file)).duration)
    except (soundfile.SoundFileError, OSError):
        return None
