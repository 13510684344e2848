"""The sound of a clip for the browser: decoded from a registered root, kept as a WAV file for range requests."""

from __future__ import annotations

import hashlib
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aig.core.records import Clip
from aig.core.storage import whole_file
from aig.core.temporary import temporary_folder
from aig.extractors.audio import Audio, locate, read_audio
from aig.extractors.errors import AudioError
from aig.pipelines.views.media import spectrogram_png, wav

__all__ = ["Sounds"]

KEPT_FILES = 200
"""Clips whose WAV file is kept: 60 MB at 10 s each."""

_SUFFIXES = ("", ".wav", ".flac", ".ogg", ".mp3", ".m4a", ".opus")


@dataclass
class Sounds:
    """Decodes clips from registered roots, and from nowhere else.

    What is heard is what the pipeline heard, mono at 16 kHz: so every format plays, a clip that is a part of a long
    file starts and ends where it should, and nothing but sound ever leaves a root.

    Attributes:
        roots: folder of each dataset's audio.
        max_clip_s: longest clip that is decoded.
    """

    roots: Mapping[str, str]
    max_clip_s: float = 600.0
    _folder: tempfile.TemporaryDirectory[str] = field(default_factory=lambda: temporary_folder("browse"))
    _files: OrderedDict[str, Path] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def audio(self, audio_id: str, clip: Clip | None) -> Audio:
        """A clip's samples; `clip` is its record where there is one, else the id names the file.

        Raises:
            AudioError: it is not there, not below a root, or cannot be decoded.
        """
        dataset, _, name = audio_id.partition("/")
        root = self.roots.get(dataset)
        if root is None:
            raise AudioError("no_root", f"no folder with the audio of {dataset!r} is known", "--audio DATASET=DIR")
        if clip is not None:
            if clip.path is None:
                raise AudioError("missing_audio", f"the audio of {audio_id} is not on this disk", "put it there")
            file = locate(root, clip.path)
        else:
            file = self._named(root, name)
        real = file.resolve()
        if not any(real.is_relative_to(Path(folder).resolve()) for folder in self.roots.values()):
            raise AudioError(
                "path_outside_root", f"{audio_id} is a link out of its root", "register the folder that it leads to"
            )
        part = clip or Clip(audio_id=audio_id, dataset=dataset)
        return read_audio(
            file,
            start_s=part.start_s,
            end_s=part.end_s,
            channel=part.channel,
            max_clip_s=self.max_clip_s,
            stamp=part.stamp,
        )

    def _named(self, root: str, name: str) -> Path:
        for suffix in _SUFFIXES:
            try:
                return locate(root, name + suffix)
            except AudioError as error:
                if error.code != "missing_audio":
                    raise
        raise AudioError("missing_audio", f"{name}: no such file below {root}", "check --audio DATASET=DIR")

    def file(self, audio_id: str, clip: Clip | None) -> Path:
        """The clip as a WAV file.

        Raises:
            AudioError: as `audio`.
        """
        return self._cached(audio_id, clip, ".wav")

    def picture(self, audio_id: str, clip: Clip | None) -> Path:
        """The clip's spectrogram as a PNG file.

        Raises:
            AudioError: as `audio`.
        """
        return self._cached(audio_id, clip, ".png")

    def _cached(self, audio_id: str, clip: Clip | None, suffix: str) -> Path:
        key = hashlib.sha256(audio_id.encode("utf-8", "replace")).hexdigest() + suffix
        with self._lock:
            if key in self._files:
                self._files.move_to_end(key)
                return self._files[key]
        samples = self.audio(audio_id, clip).samples
        file = Path(self._folder.name) / key
        with whole_file(file, durable=False) as stream:
            stream.write(wav(samples) if suffix == ".wav" else spectrogram_png(samples, columns=640))
        with self._lock:
            self._files[key] = file
            while len(self._files) > 2 * KEPT_FILES:
                self._files.popitem(last=False)[1].unlink(missing_ok=True)
        return file
