"""What workers are forked with: nothing heavy is left to be loaded when the first clip comes."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytestmark = [pytest.mark.slow]

_CODE = """
import sys
import aig.extractors.ready
from aig.core.records import Clip, Features
from aig.core.tables import to_table
from aig.extractors.measure import measure_clips
from aig.extractors.settings import ExtractSettings

def loaded():
    return {name.partition(".")[0] for name in sys.modules}

before = loaded()
clip = Clip(audio_id="mine/a", dataset="mine", path="a.wav")
(measured,) = measure_clips([clip], sys.argv[1], ExtractSettings(whisper=None), {})
assert to_table([measured], Features).num_rows == 1
print(*sorted(loaded() - before))
"""
_HEAVY = [
    "av",
    "librosa",
    "numba",
    "pandas",
    "parselmouth",
    "pyloudnorm",
    "scipy",
    "soundfile",
    "soxr",
    "threadpoolctl",
]


def test_measuring_a_clip_loads_nothing_heavy_any_more(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "a.wav", 0.1 * np.random.default_rng(0).standard_normal(8_000), 8_000)
    done = subprocess.run(
        [sys.executable, "-c", _CODE, str(tmp_path)], capture_output=True, text=True, check=True, timeout=300
    )
    assert set(_HEAVY).isdisjoint(done.stdout.split()), done.stdout


def test_a_library_that_does_not_load_is_named_by_the_batch_that_needs_it(tmp_path: Path) -> None:
    (tmp_path / "soxr.py").write_text("raise OSError('no libsoxr')")
    code = (
        "from aig.core.errors import UsageError; from aig.pipelines.batch_work import measure\n"
        "try: measure(None, '', '', [], {}, None, 60.0)\n"
        "except UsageError as error: print(error)\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment, timeout=300)
    assert done.stdout.startswith("the package soxr is installed and does not load: OSError: no libsoxr\n")
