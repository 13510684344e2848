"""Everything but the recogniser, on clips of 3 to 10 s, one process, one thread."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import librosa
import parselmouth

from aig.extractors.audio import Samples, read_audio
from aig.extractors.measure import measure_clips
from aig.extractors.pitch import f0_track
from aig.extractors.settings import ExtractSettings
from benchmarks.extract_clips import RATE, written
from benchmarks.figures import Figure

SETTINGS = ExtractSettings(whisper=None)


def run() -> Iterable[Figure]:
    """Real-time factor, and the pitch step against Praat's bare call and librosa's pYIN."""
    with tempfile.TemporaryDirectory() as folder:
        clips, seconds = written(Path(folder), 40)
        audio = [read_audio(Path(folder) / str(clip.path)).samples for clip in clips]
        list(measure_clips(clips[:2], folder, SETTINGS))
        ours, bare = _interleaved(lambda: list(measure_clips(clips, folder, SETTINGS)), lambda: _each(_bare, audio))
        yield Figure("all but Whisper, one core", seconds / ours, 1.0, "x rt", seconds / ours, 150)
        yield Figure("all but Whisper against the bare Praat call", ours, bare, "s", ours / bare, 1.9, at_least=False)
        few = audio[:6]
        pitch, pyin = _interleaved(lambda: _each(_pitch, few), lambda: _each(_pyin, few), times=1)
        yield Figure("pitch against librosa.pyin", 1 / pitch, 1 / pyin, "1/s", pyin / pitch, 15)


def _bare(samples: Samples) -> None:
    parselmouth.Sound(samples, RATE).to_pitch_ac(time_step=0.01)


def _pitch(samples: Samples) -> None:
    f0_track(samples, SETTINGS.pitch)


def _pyin(samples: Samples) -> None:
    librosa.pyin(samples, fmin=60, fmax=650, sr=RATE)


def _each(step: Callable[[Samples], None], audio: Iterable[Samples]) -> None:
    for samples in audio:
        step(samples)


def _interleaved(ours: Callable[[], object], theirs: Callable[[], object], times: int = 5) -> tuple[float, float]:
    """CPU seconds of both, the best of several turns each, taken in alternation."""
    best = [float("inf"), float("inf")]
    for _ in range(times):
        for index, work in enumerate((ours, theirs)):
            start = time.process_time()
            work()
            best[index] = min(best[index], time.process_time() - start)
    return best[0], best[1]
