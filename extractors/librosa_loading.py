"""librosa, with what it compiles compiled by one process at a time.

numba compiles some of librosa's functions when they are imported or first called, and keeps the machine code in files
that all processes share. It does not lock these files: of two processes that compile at once each may leave one half of
a pair of which the halves name each other, and whoever loads that pair dies of a segmentation fault, from then on.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np

from aig.core.locks import one_after_another

__all__ = ["load_librosa"]


@cache
def load_librosa() -> ModuleType:
    """librosa, ready to be used; in an installation that nobody used before, once after some 20 s of compiling.

    What the extractors call is called here, so that nothing is left to be compiled outside the lock. A file in the
    temporary folder says that an installation is compiled: then nobody waits for anybody.
    """
    compiled = Path(tempfile.gettempdir()) / f"aig-librosa-{_installation()}"
    if not compiled.exists():
        with one_after_another(compiled.with_suffix(".lock")):
            _call(_imported())
            compiled.touch()
    return _imported()


def _imported() -> ModuleType:
    import librosa

    return librosa


def _call(librosa: ModuleType) -> None:
    samples = np.sin(2 * np.pi * 440 / 16_000 * np.arange(16_000)).astype(np.float32)
    spectrum = np.abs(librosa.stft(samples))
    librosa.feature.rms(S=spectrum)
    librosa.estimate_tuning(S=spectrum, sr=16_000)
    librosa.onset.onset_strength(S=librosa.power_to_db(spectrum), sr=16_000)
    librosa.autocorrelate(samples)
    librosa.filters.chroma(sr=16_000, n_fft=2_048)
    librosa.filters.mel(sr=16_000, n_fft=2_048)


def _installation() -> str:
    """Another for another Python, librosa, numba or place of its files, and where the same was installed again."""
    spec = find_spec("librosa")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("librosa", name="librosa")
    file = Path(spec.origin)
    place = (file, file.stat().st_ino, file.stat().st_mtime_ns, os.environ.get("NUMBA_CACHE_DIR"))
    user = os.getuid() if hasattr(os, "getuid") else None  # the temporary folder is everybody's
    facts = (sys.version, version("librosa"), version("numba"), place, user)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
