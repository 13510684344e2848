"""Memory of one worker over many clips: it must not grow. AIG_BENCH_CLIPS sets how many; 100,000 take ten minutes."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from aig.extractors.measure import measure_clips
from aig.extractors.settings import ExtractSettings
from benchmarks.extract_clips import written
from benchmarks.figures import Figure


def run() -> Iterable[Figure]:
    """Resident megabytes after all clips against after the first tenth."""
    count = int(os.environ.get("AIG_BENCH_CLIPS", "3000"))
    settings = ExtractSettings(whisper=None)
    with tempfile.TemporaryDirectory() as folder:
        clips, _ = written(Path(folder), 50, 0.4, 1.2)
        early = 0.0
        for start in range(0, count, 50):
            batch = [replace(clip, audio_id=f"{clip.audio_id}/{start}") for clip in clips]
            for _ in measure_clips(batch, folder, settings):
                pass
            if not early and start >= count // 10:
                early = _resident_mb()
        late = _resident_mb()
    yield Figure(f"memory over {count:,} clips", late, early, "MB", late / early, 1.1, at_least=False)


def _resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
