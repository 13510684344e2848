"""Loads what measuring any clip needs, so that processes forked from the one that imports this have it at once."""

from __future__ import annotations

import contextlib
import importlib

from aig.core.errors import AigError
from aig.extractors.librosa_loading import load_librosa

# pandas, because pyarrow loads it, where it is installed, when it first makes an array of a list.
for _name in ("av", "pandas", "parselmouth", "pyloudnorm", "scipy.signal", "soundfile", "soxr", "threadpoolctl"):
    with contextlib.suppress(ModuleNotFoundError):  # a worker that needs it says so where it is heard
        importlib.import_module(_name)
with contextlib.suppress(ModuleNotFoundError, AigError):
    load_librosa()
