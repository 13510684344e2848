"""Several processes that measure at once in a new installation: each must load what one of them compiled."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import sys
from pathlib import Path
from aig.extractors.librosa_loading import load_librosa
import numpy as np
librosa = load_librosa()
def written():
    return {path: path.stat().st_mtime_ns for path in Path(sys.argv[1]).rglob("*.nb?")}
before = written()
spectrum = np.abs(librosa.stft(np.sin(np.arange(32_000) / 10).astype(np.float32), n_fft=4096))
librosa.estimate_tuning(S=spectrum[:, ::3], sr=16_000, fmax=2_000)
librosa.feature.rms(y=np.ones(16_000, np.float32), frame_length=400, hop_length=160, center=False)
librosa.onset.onset_strength(S=librosa.power_to_db(spectrum), sr=16_000, hop_length=160)
assert written() == before, "compiled outside the lock"
print(len(before))
"""


@pytest.mark.slow
def test_what_one_process_compiles_the_others_load(tmp_path: Path) -> None:
    (tmp_path / "numba").mkdir()
    (tmp_path / "temporary").mkdir()
    environment = {
        "NUMBA_CACHE_DIR": str(tmp_path / "numba"),
        "TMPDIR": str(tmp_path / "temporary"),
        "PYTHONPATH": "",
        "HOME": str(tmp_path),
    }
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "numba")]
    running = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    ended = [(process.communicate(timeout=600), process.returncode) for process in running]
    assert [code for _, code in ended] == [0, 0, 0], [errors[-500:] for (_, errors), _ in ended]
    assert len({out for (out, _), _ in ended}) == 1
    assert int(ended[0][0][0]) > 10
