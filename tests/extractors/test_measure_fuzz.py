"""Broken audio files of every kind: each is measured or quarantined, and the process neither crashes nor hangs.

AIG_FUZZ_FILES sets how many are tried.
"""

from __future__ import annotations

import logging
import os
import time
from pathlib import Path

import numpy as np
import pytest

from aig.core.records import Clip, Features, Quarantined
from aig.extractors.measure import measure_clips
from aig.extractors.settings import ExtractSettings
from helpers.voices import vowel, write_every_format

COUNT = int(os.environ.get("AIG_FUZZ_FILES", "150"))
SLOWEST_S = 60.0


def mutated(content: bytes, rng: np.random.Generator) -> bytes:
    """The bytes with flips, cuts, holes, repeats, or numbers in the header replaced by extreme ones."""
    data = bytearray(content)
    for _ in range(rng.integers(1, 4)):
        kind, at = rng.integers(8), int(rng.integers(max(1, len(data))))
        header = int(rng.integers(min(200, max(1, len(data)))))
        if kind == 0:
            for index in rng.integers(0, max(1, len(data)), 20):
                data[index : index + 1] = bytes([int(rng.integers(256))])
        elif kind == 1:
            del data[at:]
        elif kind == 2:
            del data[at : at + int(rng.integers(1, 2000))]
        elif kind == 3:
            data[at : at + 500] = bytes(500)
        elif kind == 4:
            data[at:at] = data[: int(rng.integers(1, 3000))]
        elif kind == 5:
            extreme = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0xFFFF)[int(rng.integers(6))]
            data[header : header + 4] = extreme.to_bytes(4, "little" if rng.integers(2) else "big")
        elif kind == 6:
            data[header : header + 1] = bytes([int(rng.integers(256))])
        else:
            data[at:] = rng.integers(0, 256, int(rng.integers(1, 2000)), dtype=np.uint8).tobytes()
    return bytes(data)


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_every_broken_file_is_measured_or_quarantined(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    originals = [file.read_bytes() for file in write_every_format(tmp_path, vowel(150, 1.0))]
    settings = ExtractSettings(whisper=None)
    outcomes: dict[str, int] = {}
    slowest = 0.0
    for index in range(COUNT):
        suffix = ("wav", "flac", "ogg", "mp3", "m4a", "bin", "m3u8", "txt")[int(rng.integers(8))]
        name = f"broken-{index}.{suffix}"
        content = mutated(originals[index % len(originals)], rng)
        (tmp_path / name).write_bytes(content)
        start = time.process_time()
        (result,) = measure_clips([Clip(audio_id=f"mine/{name}", dataset="mine", path=name)], str(tmp_path), settings)
        slowest = max(slowest, time.process_time() - start)
        assert isinstance(result, Features | Quarantined)
        if isinstance(result, Features):
            assert all(
                np.isfinite(v) for v in (result.f0_hz, result.volume_dbfs, result.loudness_lufs) if v is not None
            )
        else:
            assert result.message, name
            assert result.advice, name
            assert str(tmp_path) not in result.message
        code = result.error if isinstance(result, Quarantined) else "measured"
        outcomes[code] = outcomes.get(code, 0) + 1
        (tmp_path / name).unlink()
    logging.getLogger(__name__).info("%d files: %s; slowest %.2f s", COUNT, outcomes, slowest)
    assert sum(outcomes.values()) == COUNT
    assert len(outcomes) > 2, "the mutations did not reach both sides"
    assert slowest < SLOWEST_S
