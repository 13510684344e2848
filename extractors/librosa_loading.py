"""librosa, with what it compiles kept in a folder of ours and compiled by one process at a time.

numba compiles some of librosa's functions when they are imported or first called, and keeps the machine code in files
beside librosa's own that all processes share. It does not lock these files: of two processes that compile at once each
may leave one half of a pair of which the halves name each other, and whoever loads that pair dies of a segmentation
fault, from then on. A folder of our own (https://numba.readthedocs.io/en/stable/reference/envvars.html#caching) is
written by nobody who does not take its lock, and says itself whether it is complete.
"""

from __future__ import annotations

import hashlib
import os
import sys
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np

from aig.core.cache import writable_cache_folder
from aig.core.locks import one_after_another

__all__ = ["load_librosa", "machine_code_folder"]

_FOLDER = "NUMBA_CACHE_DIR"


@cache
def load_librosa() -> ModuleType:
    """librosa, ready to be used; in a new installation, the first time after some 20 s of compiling.

    What the extractors call is called here: nothing is left to be compiled outside the lock, or to be looked for in
    another folder after the environment has changed, as in a forked worker. A file beside the machine code says that it
    is complete: then no process waits for another. It is deleted with the machine code.

    Raises:
        UsageError: the cache folder cannot be written.
    """
    folder = machine_code_folder()
    complete = folder / f"aig-complete-{_installation()}"
    known = "librosa" not in sys.modules  # loaded by somebody else, it keeps machine code where that one wanted it
    if known and complete.exists():
        return _called(_imported())
    with one_after_another(complete.with_suffix(".lock")):
        librosa = _called(_imported())
        if known:
            complete.touch()
    return librosa


def machine_code_folder() -> Path:
    """The folder where numba of this process and its children keeps machine code: ours, if nobody named another.

    Raises:
        UsageError: the cache folder cannot be written.
    """
    if named := os.environ.get(_FOLDER):
        return Path(named)
    folder = writable_cache_folder("numba", _installation())
    os.environ[_FOLDER] = str(folder)
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = str(folder)
    return folder


def _imported() -> ModuleType:
    import librosa

    return librosa


def _called(librosa: ModuleType) -> ModuleType:
    samples = np.sin(2 * np.pi * 440 / 16_000 * np.arange(16_000)).astype(np.float32)
    spectrum = np.abs(librosa.stft(samples))
    librosa.feature.rms(S=spectrum)
    librosa.estimate_tuning(S=spectrum, sr=16_000)
    librosa.onset.onset_strength(S=librosa.power_to_db(spectrum), sr=16_000)
    librosa.autocorrelate(samples)
    librosa.filters.chroma(sr=16_000, n_fft=2_048)
    librosa.filters.mel(sr=16_000, n_fft=2_048)
    return librosa


@cache
def _installation() -> str:
    """Another for another processor, Python, librosa, numba or place, and where the same was installed again."""
    from llvmlite import binding  # numba's own, which keeps machine code by processor too

    spec = find_spec("librosa")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("librosa", name="librosa")
    file = Path(spec.origin)
    try:
        features = binding.get_host_cpu_features().flatten()
    except RuntimeError:  # LLVM does not know them of every processor, and numba does without
        features = ""
    processor = (binding.get_host_cpu_name(), features)
    facts = (processor, sys.version, version("librosa"), version("numba"), file, file.stat().st_mtime_ns)
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
