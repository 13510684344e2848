"""Several processes that measure at once in a new installation: each must load what one of them compiled."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

MEASURE = """
import sys
from pathlib import Path
{before}
from aig.extractors.librosa_loading import load_librosa
import numpy as np
librosa = load_librosa()
def written():
    return {{path: path.stat().st_mtime_ns for path in Path(sys.argv[1]).rglob("*.nb?")}}
loaded = written()
spectrum = np.abs(librosa.stft(np.sin(np.arange(32_000) / 10).astype(np.float32), n_fft=4096))
librosa.estimate_tuning(S=spectrum[:, ::3], sr=16_000, fmax=2_000)
librosa.feature.rms(y=np.ones(16_000, np.float32), frame_length=400, hop_length=160, center=False)
librosa.onset.onset_strength(S=librosa.power_to_db(spectrum), sr=16_000, hop_length=160)
assert written() == loaded, "compiled outside the lock"
print(len(loaded))
"""


def measure(folder: Path, *, processes: int = 1, before: str = "", **environment: str) -> set[int]:
    """How many files of machine code lie below `folder` when processes that began together have measured."""
    command = [sys.executable, "-c", MEASURE.format(before=before), str(folder)]
    variables = {"PYTHONPATH": "", "HOME": str(folder), "AIG_CACHE": str(folder / "cache"), **environment}
    running = [
        subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(processes)
    ]
    ended = [(process.communicate(timeout=600), process.returncode) for process in running]
    assert [code for _, code in ended] == [0] * processes, [errors[-500:] for (_, errors), _ in ended]
    return {int(out) for (out, _), _ in ended}


@pytest.mark.slow
def test_what_one_process_compiles_the_others_load(tmp_path: Path) -> None:
    (files,) = measure(tmp_path, processes=3)
    assert files > 10
    (folder,) = (tmp_path / "cache" / "numba").iterdir()
    assert measure(folder, NUMBA_CACHE_DIR=str(folder)) == {files}
    shutil.rmtree(folder)  # its mark goes too, so one of these compiles again
    assert measure(tmp_path, processes=2, before="import numba") == {files}
